using System.Collections.Immutable;
using Sidestep.Model;

namespace Sidestep.Control.Agents;

/// <summary>Real servers that drain although the configuration has them enabled: their operators wish it, or they do harm.</summary>
/// <remarks>Safe for threads. It lies over the configuration, so that it takes the same way to the tables.</remarks>
public sealed class DrainOverlay
{
    private readonly Lock _gate = new();
    private ImmutableHashSet<(string Server, string Source)> _drained = [];

    /// <summary>Raised, on the caller's thread, after something changed.</summary>
    public event Action? Changed;

    /// <summary>Names or addresses of servers that drain, by whom.</summary>
    public ImmutableHashSet<(string Server, string Source)> Drained
    {
        get
        {
            lock (_gate)
                return _drained;
        }
    }

    /// <summary>Somebody wants a server drained, or no more.</summary>
    /// <param name="server">Name or address.</param>
    /// <param name="source">Who: each has a wish of its own, and one is enough.</param>
    /// <param name="drains">Whether.</param>
    public void Set(string server, string source, bool drains)
    {
        lock (_gate)
        {
            var next = drains ? _drained.Add((server, source)) : _drained.Remove((server, source));
            if (ReferenceEquals(next, _drained))
                return;
            _drained = next;
        }
        Changed?.Invoke();
    }

    /// <summary>The configuration with these servers draining; pools without any are the same instances.</summary>
    public Configuration ApplyTo(Configuration configuration)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        var keys = Drained.Select(static d => d.Server).ToHashSet(StringComparer.Ordinal);
        if (keys.Count == 0)
            return configuration;
        bool IsMeant(RealServer s) => s.State == ServerState.Enabled && (keys.Contains(s.Name) || keys.Contains(s.Address.ToString()));
        return configuration with
        {
            Pools =
            [
                .. configuration.Pools.Select(p => p.Servers.Any(IsMeant)
                    ? p with { Servers = [.. p.Servers.Select(s => IsMeant(s) ? s with { State = ServerState.Draining } : s)] }
                    : p),
            ],
        };
    }
}
