using Sidestep.Forwarding;
using Sidestep.Forwarding.LocalApi;
using Sidestep.Forwarding.Plans;

namespace Sidestep.Engine.Managed;

/// <summary>Status of a managed engine, in the form that both engines share.</summary>
public static class ManagedStatus
{
    /// <summary>Reads the status; null: no tables are in force.</summary>
    /// <param name="engine">The engine.</param>
    /// <param name="revision">Number of changes since the tables were created.</param>
    /// <param name="appliedAt">Time of the last change.</param>
    public static DirectorStatus? Of(ManagedEngine engine, long revision, DateTimeOffset appliedAt)
    {
        ArgumentNullException.ThrowIfNull(engine);
        if (engine.Tables?.Origin is not { } tables)
            return null;
        var counters = engine.ReadCounters();
        var flows = engine.ReadFlows();
        var matches = EffectivePorts.Of(tables);
        var groups = tables.Groups.ToDictionary(static g => g.Key);
        var (flowsEvicted, fragmentsEvicted) = engine.Evicted;
        return new DirectorStatus(
            revision, appliedAt, engine.Attached,
            [
                .. tables.Services.Select((s, i) => new ServiceStatus(s.Name,
                    [.. matches[i].Select(static t => MatchText.Of(t.Vip, t.First, t.Last))], s.Group,
                    groups[s.Group].Slots.Slots.Any(static slot => slot != SlotTable.NoMember),
                    counters.Services.GetValueOrDefault(s.Name))).OrderBy(static s => s.Name, StringComparer.Ordinal),
            ],
            [
                .. tables.Groups.OrderBy(static g => g.Key.ToString(), StringComparer.Ordinal)
                    .Select(g => GroupOf(g, counters, flows)),
            ],
            counters.Responses, counters.Drops, (ulong)flowsEvicted, (ulong)fragmentsEvicted)
        {
            Workers = engine.Workers,
        };
    }

    /// <summary>The state that a plan needs; null: no tables are in force.</summary>
    public static RunningState? StateOf(ManagedEngine engine)
    {
        ArgumentNullException.ThrowIfNull(engine);
        if (engine.Tables?.Origin is not { } tables || engine.ReadRunning() is not { } groups)
            return null;
        var matches = EffectivePorts.Of(tables);
        var unreachable = tables.Groups.SelectMany(static g => g.Servers).Where(static s => s.NextHop is null)
            .Select(static s => s.Address).ToHashSet();
        return new RunningState(
            groups, [.. tables.Services.Select((s, i) => new RunningService(s.Name, s.Group, matches[i]))],
            engine.ReadFlows(), unreachable);
    }

    private static GroupStatus GroupOf(ServerGroup group, EngineCounters counters, FlowCounts flows)
    {
        var slots = new int[group.Slots.Members.Length];
        foreach (var slot in group.Slots.Slots)
        {
            if (slot >= 0)
                slots[slot]++;
        }
        var slotsByAddress = group.Slots.Members.Select((m, i) => (m.Address, Slots: slots[i]))
            .ToDictionary(static m => m.Address, static m => m.Slots);
        return new GroupStatus(group.Key,
        [
            .. group.Servers.Select(s => new ServerStatus(s.Name, s.Address, s.Weight, ConditionOf(s),
                slotsByAddress.GetValueOrDefault(s.Address), flows.Of(group.Key, s),
                counters.Servers.GetValueOrDefault((group.Key, s.Name))))
                .OrderBy(static s => s.Name, StringComparer.Ordinal),
        ]);
    }

    private static ServerCondition ConditionOf(ServerEntry server) =>
        server.HasFailed ? server.NextHop is null ? ServerCondition.Unresolved : ServerCondition.Failed
        : server.DrainingSince is not null ? ServerCondition.Draining
        : server is { Weight: 0 } ? ServerCondition.Disabled
        : server.NextHop is null ? ServerCondition.Unresolved
        : ServerCondition.Serving;
}
