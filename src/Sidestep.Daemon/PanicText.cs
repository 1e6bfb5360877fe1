using System.Collections.Immutable;
using System.Globalization;
using Sidestep.Forwarding;

namespace Sidestep.Daemon;

/// <summary>Sentences for status and log about groups in panic mode: too few of their servers are healthy, and
/// unhealthy ones get new flows, too.</summary>
internal static class PanicText
{
    private const int MaxNames = 5;

    /// <summary>One sentence for each group in panic mode, by the group's key.</summary>
    internal static ImmutableDictionary<GroupKey, string> Of(
        EffectiveConfiguration configuration, ForwardingTables tables)
    {
        var names = new GroupNames(tables.Groups.Select(static g => g.Key));
        var thresholds = configuration.Pools.ToDictionary(static p => p.Key, static p => p.PanicThreshold);
        return tables.Groups.Select(g => (g.Key, Names: (string[])[.. g.Servers
                .Where(static s => s is { HasFailed: true, Weight: > 0 }).Select(static s => s.Name)]))
            .Where(static g => g.Names.Length > 0)
            .ToImmutableDictionary(static g => g.Key, g => string.Create(CultureInfo.InvariantCulture,
                $"{names.Of(g.Key)} is in panic mode: fewer than {thresholds.GetValueOrDefault(g.Key.Pool)} % of its ")
                + $"servers (panicThreshold) are healthy, so {Listed(g.Names)} get new flows although their health"
                + " checks fail: check what the monitors ask for");
    }

    private static string Listed(string[] names) => string.Join(", ", names.Take(MaxNames))
        + (names.Length > MaxNames
            ? string.Create(CultureInfo.InvariantCulture, $" and {names.Length - MaxNames} more") : "");
}
