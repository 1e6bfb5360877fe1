using System.Collections.Immutable;
using Sidestep.Api;
using Sidestep.Api.Status;
using Sidestep.Control.Agents;
using Sidestep.Forwarding;
using Sidestep.Model;

namespace Sidestep.Daemon;

/// <summary>Compiles what the status shows of agents.</summary>
internal static class AgentStatuses
{
    /// <summary>One entry per server name, with its agent's last report.</summary>
    /// <param name="configuration">The configuration in force; null: none yet.</param>
    /// <param name="agents">The reports of agents.</param>
    internal static ImmutableArray<AgentStatus> Of(EffectiveConfiguration? configuration, AgentRegistry agents) =>
    [
        .. (configuration?.Pools ?? []).SelectMany(static p => p.Servers).DistinctBy(static s => s.KeyByName)
            .Select(s => StatusOf(s.KeyByName, agents.Find(s), agents.IsHealthy(s) is not null)),
    ];

    private static AgentStatus StatusOf(RealServerKey server, ReceivedReport? last, bool isConnected) => last is null
        ? new AgentStatus { Server = server.ToString() }
        : new AgentStatus
        {
            Server = server.ToString(),
            Connected = isConnected,
            LastReport = last.At,
            Version = last.Report.AgentVersion,
            Healthy = last.Report.IsHealthy,
            AdminState = last.Report.AdminState,
            Conditions = [.. last.Report.Conditions.Where(static c => c.Status != ConditionStatus.Ok)],
        };
}
