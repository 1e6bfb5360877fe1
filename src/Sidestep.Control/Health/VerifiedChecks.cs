using System.Collections.Immutable;
using Sidestep.Forwarding;

namespace Sidestep.Control.Health;

/// <summary>The checks that were up at any time under an earlier daemon.</summary>
/// <param name="saved">What that daemon saved.</param>
internal sealed class VerifiedChecks(SavedHealth saved)
{
    private readonly HashSet<(string Pool, string Encap, string Address, string Check)> _servers =
    [
        .. saved.Servers.SelectMany(static s => ChecksOf(s).Select(c => (s.Pool, s.Encap, s.Address, c))),
    ];

    private readonly HashSet<(string Pool, string Encap, string? Service, string Check)> _services =
    [
        .. saved.Servers.SelectMany(static s => ChecksOf(s).Select(c => (s.Pool, s.Encap, s.Service, c))),
    ];

    /// <summary>True if a check was up.</summary>
    internal bool Contains(CheckKey key) => _servers.Contains(
        (key.Group.Pool.ToString(), key.Group.Encap.ToString(), key.Address.ToString(), CheckText.NameOf(key)));

    /// <summary>True if a check was up on any server, for the services of a group.</summary>
    /// <param name="group">The group.</param>
    /// <param name="check">Name of the check: <see cref="CheckText.NameOf(CheckKey)"/>.</param>
    internal bool Contains(GroupKey group, string check)
    {
        var (pool, encap) = (group.Pool.ToString(), group.Encap.ToString());
        return _services.Contains((pool, encap, null, check))
            || _services.Contains((pool, encap, group.Service?.ToString(), check));
    }

    // The file of an earlier version has none.
    private static ImmutableArray<string> ChecksOf(SavedServerHealth server) =>
        server.VerifiedChecks.IsDefault ? [] : server.VerifiedChecks;
}
