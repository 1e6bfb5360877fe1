using System.Collections.Immutable;
using System.Globalization;
using Sidestep.Forwarding;
using Sidestep.Model;

namespace Sidestep.Daemon;

/// <summary>Texts for the log and the report: tables that come into force, and the end of the daemon.</summary>
internal static class ApplyText
{
    /// <summary>One line for the log: the numbers of services, and of servers that accept new flows.</summary>
    internal static string Summary(ForwardingTables tables) => string.Create(CultureInfo.InvariantCulture,
        $"applied: {tables.Services.Length} services, {ServersWithTraffic(tables)} servers take traffic");

    private static int ServersWithTraffic(ForwardingTables tables) =>
        tables.Groups.Sum(static g => g.Slots.Members.Length);

    /// <summary>One sentence per other director that is not found, sorted.</summary>
    internal static ImmutableArray<string> PeerProblems(Forwarding.NextHops nextHops) =>
    [
        .. nextHops.UnresolvedPeers
            .Select(static p => $"other director {p.Key} is not found, its packets may be balanced again: {p.Value}")
            .Order(StringComparer.Ordinal),
    ];

    /// <summary>One line for the log when the daemon stops and its state stays (onExit: keep).</summary>
    /// <param name="isStarting">No configuration has come into force yet.</param>
    /// <param name="engine">The running engine.</param>
    internal static string Stopping(bool isStarting, EngineKind engine) =>
        isStarting ? "stopping before anything was applied: the state of the previous run is unchanged (onExit: keep)"
        : engine == EngineKind.Managed
            ? "stopping: nothing is forwarded until the next start, which restores the flow table (onExit: keep)"
            : "stopping: the XDP program keeps forwarding (onExit: keep)";
}
