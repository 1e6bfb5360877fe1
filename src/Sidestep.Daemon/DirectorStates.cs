using Sidestep.Api;
using Sidestep.Control.Agents;
using Sidestep.Forwarding;

namespace Sidestep.Daemon;

/// <summary>Compiles what status shows of agents and conflicts.</summary>
internal static class DirectorStates
{
    /// <summary>One entry per server name, with its agent's last report.</summary>
    /// <param name="configuration">The configuration in force; null: none yet.</param>
    /// <param name="version">Version of the daemon.</param>
    /// <param name="agents">The reports of agents.</param>
    /// <param name="conflicts">The detected VIP conflicts.</param>
    internal static DirectorState Of(EffectiveConfiguration? configuration, string version, AgentRegistry agents,
        IEnumerable<VipConflict> conflicts) => new()
        {
            Director = configuration?.Desired.Director.Name ?? "",
            Version = version,
            Agents =
            [
                .. (configuration?.Pools ?? []).SelectMany(static p => p.Servers).DistinctBy(static s => s.Name)
                    .Select(s => StateOf(s.Name, agents.Find(s))),
            ],
            Conflicts = [.. conflicts],
        };

    private static AgentState StateOf(string server, ReceivedReport? last) => last is null
        ? new AgentState(server, null, false, AdminStates.Enabled, [])
        : new AgentState(server, last.At, last.Report.IsHealthy, last.Report.AdminState,
        [
            .. last.Report.Conditions.Where(static c => c.Status == ConditionStatus.Wrong)
                .Select(static c => $"{c.Name} {c.Subject}: {c.Found}, expected {c.Expected}"),
        ]);
}
