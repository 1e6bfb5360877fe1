using System.Globalization;

namespace Sidestep.Forwarding.Plans;

/// <summary>Warnings about packets that no server may be ready to serve after a change. Pure.</summary>
internal static class ServingWarnings
{
    /// <summary>Most VIPs that a warning names.</summary>
    private const int MaxVips = 3;

    /// <summary>Warnings about groups without a server for new flows, then about targets that no probe has
    /// verified.</summary>
    /// <param name="running">The running director.</param>
    /// <param name="proposed">The proposed configuration.</param>
    /// <param name="after">Its tables.</param>
    internal static IEnumerable<string> Of(
        RunningState running, EffectiveConfiguration proposed, ForwardingTables after) =>
        WithoutServer(proposed).Concat(Unproven(running, proposed, after));

    private static IEnumerable<string> WithoutServer(EffectiveConfiguration proposed) =>
        ConfiguredGroup.Of(proposed)
            .Where(static g => !g.Pool.AcceptsNewFlows)
            .Select(static g => g.Pool.FallsBackToDraining
                ? $"{g.Key}: no server is enabled with a weight above 0, so draining servers continue to get the new "
                    + $"flows of {string.Join(", ", g.Services.Select(static s => s.Name))} (fallbackToDraining), "
                    + "until the deadline of their drain"
                : $"{g.Key}: no server accepts new flows, because "
                + (g.Pool.Servers.IsEmpty ? "the pool has none" : "each is draining, disabled or has weight 0")
                + $": new clients of {string.Join(", ", g.Services.Select(static s => s.Name))} are dropped");

    /// <summary>Services with more VIPs or ports for a running group: its servers may not serve them yet.</summary>
    private static IEnumerable<string> Unproven(
        RunningState running, EffectiveConfiguration proposed, ForwardingTables after)
    {
        var groups = running.Groups.Groups.Select(static g => g.Key.Shared).ToHashSet();
        var monitored = proposed.Pools.Where(static p => p.IsMonitored).Select(static p => p.Key).ToHashSet();
        var probed = running.Services.ToLookup(static s => s.Group.Shared, static s => s.Matches);
        var matches = EffectivePorts.Of(after);
        for (var i = 0; i < after.Services.Length; i++)
        {
            var (service, group) = (after.Services[i].Key, after.Services[i].Group.Shared);
            if (!groups.Contains(group) || !monitored.Contains(group.Pool))
                continue;
            var known = probed[group].SelectMany(static m => m).ToLookup(static m => m.Vip);
            var added = matches[i].Where(m => !known[m.Vip].Any(k => k.First <= m.First && m.Last <= k.Last)).ToArray();
            if (added.Length == 0)
                continue;
            var vips = added.Select(static m => m.Vip).Distinct().ToArray();
            var more = vips.Length <= MaxVips ? ""
                : string.Create(CultureInfo.InvariantCulture, $", and {vips.Length - MaxVips} more VIPs");
            yield return $"{service}: {EffectivePorts.Describe(added.Where(m => vips.Take(MaxVips).Contains(m.Vip)))}"
                + $"{more}: unproven, because no server of {group} was probed there yet. What the servers serve now "
                + "continues; new clients get no answer from servers that are not ready";
        }
    }
}
