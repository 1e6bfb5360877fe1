using System.CommandLine;
using Sidestep.Native;

namespace Sidestep.Benchmarks.Veth;

/// <summary>The command <c>bench veth</c>.</summary>
internal static class VethCommand
{
    private const int MinRounds = 3;

    internal static Command Make(Option<bool> json, Option<int> cpu)
    {
        var rounds = new Option<int>("--rounds") { Description = "Rounds, at least 3.", DefaultValueFactory = _ => 31 };
        return BenchmarkCommand.Make("veth",
            "Packets per CPU-second from end to end over virtual cables: the director beside a floor, nftables and "
                + "IPVS, all in one run.", arguments =>
        {
            Kernel.PinThread(arguments.GetValue(cpu));
            var results = VethBenchmark.Run(Math.Max(MinRounds, arguments.GetValue(rounds)), arguments.GetValue(cpu));
            if (arguments.GetValue(json))
                Report.Json(results);
            else
                VethReport.Table(results);
        }, json, rounds, cpu);
    }
}
