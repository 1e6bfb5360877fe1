using Sidestep.Engine.Xdp.Layout;
using Sidestep.Forwarding;

namespace Sidestep.Engine.Xdp;

/// <summary>Sums the counters of all CPUs and gives them their names.</summary>
internal static class CounterReader
{
    /// <summary>Decisions that have a counter of their own: neither passed, forwarded nor dropped.</summary>
    private static readonly Decision[] Answers =
        [.. Enum.GetValues<Decision>().Except([Decision.Pass, Decision.Forward, Decision.Drop])];

    internal static EngineCounters Read(StateMaps maps)
    {
        var running = RunningTables.Read(maps);
        return new EngineCounters(
            Answers.ToDictionary(static d => d, d => Tally(maps, (int)d)),
            Enum.GetValues<DropReason>().ToDictionary(static r => r, r => Tally(maps, Constants.DropTally + (int)r)),
            running.Services.ToDictionary(static s => s.Key, s => Service(maps, s.Value)),
            running.Servers.GroupBy(static s => (s.Key.Group, s.Key.Name))
                .ToDictionary(static g => g.Key, g => g.Aggregate(default(Tally), (sum, s) => sum + Server(maps, s.Value))));
    }

    internal static Tally Tally(StateMaps maps, int index) => Sum(maps, (ref counters) => counters.Tallies[index]);

    internal static Tally Service(StateMaps maps, int id) => Sum(maps, (ref counters) => counters.Services[id]);

    internal static Tally Server(StateMaps maps, int id) => Sum(maps, (ref counters) => counters.Servers[id]);

    /// <summary>One of the counters of what had to make room.</summary>
    internal static ulong Forgotten(StateMaps maps, Pick pick) => Sum(maps, pick).Packets;

    internal delegate Counter Pick(ref CpuCounters counters);

    private static Tally Sum(StateMaps maps, Pick pick)
    {
        var total = default(Tally);
        for (var cpu = 0; cpu < maps.Cpus; cpu++)
        {
            var counter = pick(ref maps.Counters(cpu));
            total += new Tally(counter.Packets, counter.Bytes);
        }
        return total;
    }
}
