using Sidestep.Api.Status;
using Sidestep.Forwarding;
using Sidestep.Forwarding.Plans;
using Sidestep.Model;

namespace Sidestep.Engine.Managed;

/// <summary>Status of a managed engine, in the form that both engines share.</summary>
public static class ManagedStatus
{
    /// <summary>Reads the status. Before the first tables, it has no services.</summary>
    /// <param name="engine">The engine.</param>
    /// <param name="director">Name of the director.</param>
    /// <param name="appliedAt">Time of the last change.</param>
    public static DirectorStatus Of(ManagedEngine engine, string director, DateTimeOffset appliedAt)
    {
        ArgumentNullException.ThrowIfNull(engine);
        var status = new DirectorStatus
        {
            Director = director,
            Source = StatusSource.Daemon,
            Engine = EngineKind.Managed,
            Revision = 0,
            AppliedAt = null,
            Interfaces = [.. engine.Attached.Select(StatusRecords.Of)],
            FlowTableSize = engine.FlowTableSize,
        };
        if (engine.Tables?.Origin is not { } tables)
            return status;
        var counters = engine.ReadCounters();
        var flows = engine.ReadFlows();
        var matches = EffectivePorts.Of(tables);
        var groups = tables.Groups.ToDictionary(static g => g.Key);
        var (flowsEvicted, fragmentsEvicted) = engine.Evicted;
        return status with
        {
            Revision = engine.Revision,
            AppliedAt = appliedAt,
            Workers = [.. engine.Workers.Select(static w => new WorkerStatus(w.Name, w.Counters.Frames,
                w.Counters.Sent, w.Counters.RxDropped, w.Counters.TxDropped))],
            Services =
            [
                .. tables.Services.Select((s, i) => StatusRecords.Service(s.Key,
                    matches[i].Select(static t => MatchText.Of(t.Vip, t.First, t.Last)), s.Group,
                    groups[s.Group].Slots.Slots.Any(static slot => slot != SlotTable.NoMember),
                    counters.Services.GetValueOrDefault(s.Key))).OrderBy(static s => s.Name, StringComparer.Ordinal),
            ],
            Pools =
            [
                .. tables.Groups.OrderBy(static g => g.Key.ToString(), StringComparer.Ordinal)
                    .ThenBy(static g => g.Key.Service?.ToString(), StringComparer.Ordinal)
                    .Select(g => PoolOf(g, counters, flows)),
            ],
            Responses = StatusRecords.Of(counters.Responses),
            Evicted = new EvictionCounters((ulong)flowsEvicted, (ulong)fragmentsEvicted),
            Drops = StatusRecords.Of(counters.Drops),
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
            .Select(static s => s.VrfAddress).ToHashSet();
        return new RunningState(
            groups, [.. tables.Services.Select((s, i) => new RunningService(s.Key, s.Group, matches[i]))],
            engine.ReadFlows(), unreachable);
    }

    private static PoolStatus PoolOf(ServerGroup group, EngineCounters counters, FlowCounts flows)
    {
        var slots = new int[group.Slots.Members.Length];
        foreach (var slot in group.Slots.Slots)
        {
            if (slot >= 0)
                slots[slot]++;
        }
        var slotsByAddress = group.Slots.Members.Select((m, i) => (m.Address, Slots: slots[i]))
            .ToDictionary(static m => m.Address, static m => m.Slots);
        return StatusRecords.Pool(group.Key, group.Servers.Select(s =>
        {
            var forwarded = counters.Servers.GetValueOrDefault((group.Key, s.Name));
            return new ServerStatus(s.Name, s.Address, s.Weight, ConditionOf(s),
                slotsByAddress.GetValueOrDefault(s.Address), flows.Of(group.Key, s), forwarded.Packets,
                forwarded.Bytes);
        }));
    }

    private static ServerCondition ConditionOf(ServerEntry server) =>
        server.HasFailed ? server.NextHop is null ? ServerCondition.Unresolved : ServerCondition.Failed
        : server.DrainingSince is not null ? ServerCondition.Draining
        : server is { Weight: 0 } ? ServerCondition.Disabled
        : server.NextHop is null ? ServerCondition.Unresolved
        : ServerCondition.Serving;
}
