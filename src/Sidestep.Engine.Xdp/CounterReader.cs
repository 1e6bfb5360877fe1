using Sidestep.Engine.Xdp.Layout;
using Sidestep.Forwarding;

namespace Sidestep.Engine.Xdp;

/// <summary>Sums the counters of all CPUs and gives them their names.</summary>
internal static class CounterReader
{
    internal static EngineCounters Read(StateMaps maps)
    {
        var totals = new Tally[maps.CountersPerCpu];
        for (var cpu = 0; cpu < maps.Cpus; cpu++)
        {
            var counters = maps.Counters(cpu);
            for (var i = 0; i < totals.Length; i++)
                totals[i] += new Tally(counters[i].Packets, counters[i].Bytes);
        }

        var running = RunningTables.Read(maps);
        var servers = Constants.Tallies + (int)maps.Control.ServiceCapacity;
        return new EngineCounters(
            new[] { Decision.AnswerArp, Decision.AnswerEcho }.ToDictionary(static d => d, d => totals[(int)d]),
            Enum.GetValues<DropReason>().ToDictionary(static r => r, r => totals[Constants.DropTally + (int)r]),
            running.Services.ToDictionary(static s => s.Key, s => totals[Constants.Tallies + s.Value]),
            running.Servers.GroupBy(static s => (s.Key.Group, s.Key.Name))
                .ToDictionary(static g => g.Key, g => g.Aggregate(default(Tally), (sum, s) => sum + totals[servers + s.Value])));
    }
}
