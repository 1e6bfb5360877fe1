using System.CommandLine;
using Sidestep.Forwarding;
using Sidestep.Native;

namespace Sidestep.Benchmarks.Veth;

/// <summary><c>bench veth</c>.</summary>
internal static class VethCommand
{
    private const int FewestRounds = 3;

    internal static Command Make(Option<bool> json, Option<int> cpu)
    {
        var rounds = new Option<int>("--rounds") { Description = "Rounds, at least 3.", DefaultValueFactory = _ => 31 };
        var veth = new Command("veth", "Packets per CPU-second from end to end over virtual cables: the director beside a floor, nftables and IPVS, all in one run.")
        {
            json, rounds, cpu,
        };
        veth.SetAction(arguments =>
        {
            try
            {
                Kernel.PinThread(arguments.GetValue(cpu));
                var results = VethBenchmark.Run(Math.Max(FewestRounds, arguments.GetValue(rounds)), arguments.GetValue(cpu));
                if (arguments.GetValue(json))
                    Report.Json(results);
                else
                    VethReport.Table(results);
                return 0;
            }
            catch (Exception e) when (e is BenchmarkException or EngineException or NativeException)
            {
                Console.Error.WriteLine($"error: {e.Message}");
                return 1;
            }
        });
        return veth;
    }
}
