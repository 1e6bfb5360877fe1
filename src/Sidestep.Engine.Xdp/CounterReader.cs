using Sidestep.Engine.Xdp.Layout;
using Sidestep.Forwarding;

namespace Sidestep.Engine.Xdp;

/// <summary>Sums the counters of all CPUs and names them.</summary>
internal static class CounterReader
{
    /// <summary>Decisions that have a counter of their own: neither passed, forwarded nor dropped.</summary>
    private static readonly Decision[] Responses =
        [.. Enum.GetValues<Decision>().Except([Decision.Pass, Decision.Forward, Decision.Drop])];

    internal static EngineCounters Read(StateMaps maps)
    {
        var running = RunningTables.Read(maps);
        return new EngineCounters(
            Responses.ToDictionary(static d => d, d => ByIndex(maps, VerdictIndex.Of(d))),
            Enum.GetValues<DropReason>()
                .ToDictionary(static r => r, r => ByIndex(maps, VerdictIndex.Of(r))),
            running.Services.ToDictionary(static s => s.Key, s => Service(maps, s.Value)),
            running.Servers.GroupBy(static s => (s.Key.Group, s.Key.Name)).ToDictionary(
                static g => g.Key,
                g => g.Aggregate(default(Counter), (sum, s) => sum + Server(maps, s.Value))));
    }

    internal static Counter ByIndex(StateMaps maps, int index) =>
        Sum(maps, (ref counters) => counters.Decisions[index]);

    internal static Counter Service(StateMaps maps, int id) => Sum(maps, (ref counters) => counters.Services[id]);

    internal static Counter Server(StateMaps maps, int id) => Sum(maps, (ref counters) => counters.Servers[id]);

    /// <summary>One of the counters of evicted entries.</summary>
    internal static ulong Evicted(StateMaps maps, Pick pick) => Sum(maps, pick).Packets;

    internal delegate FrameCounter Pick(ref CpuCounters counters);

    private static Counter Sum(StateMaps maps, Pick pick)
    {
        var total = default(Counter);
        for (var cpu = 0; cpu < maps.Cpus; cpu++)
        {
            var counter = pick(ref maps.Counters(cpu));
            total += new Counter(counter.Packets, counter.Bytes);
        }
        return total;
    }
}
