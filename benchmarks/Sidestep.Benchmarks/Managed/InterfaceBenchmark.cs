using Sidestep.Benchmarks.Veth;
using Sidestep.Model;
using Sidestep.Native;

namespace Sidestep.Benchmarks.Managed;

/// <summary>
/// Frames per second of the CPU that takes them and sends them, over virtual cables, while more come than it can take: the managed
/// engine's drivers beside DPDK's testpmd over its drivers of the same kind. They take turns, a round each, so that what else the
/// machine does is in both figures. Another CPU makes the frames; what the kernel does on that one is in no figure.
/// </summary>
internal static class InterfaceBenchmark
{
    private const int Makes = 0, Forwards = 1, Packets = 400_000, WarmUps = 3, Flows = 100_000;

    /// <summary>Of its cases.</summary>
    internal static IReadOnlyList<string> Names { get; } = ["af-xdp", "af-packet", "testpmd-af-xdp", "testpmd-af-packet"];

    /// <param name="rounds">How many are measured of each.</param>
    /// <param name="only">Part of the name of a case: those of its driver; null: all.</param>
    internal static IReadOnlyList<ManagedResult> Run(int rounds, string? only)
    {
        if (Environment.ProcessorCount < 2)
            throw new BenchmarkException("frames are made on one CPU and forwarded on another, and there is only one");
        Kernel.PinThread(Makes);
        using var surroundings = new Surroundings();
        using var interrupted = new Interruption(surroundings);
        using var farEnd = new FarEnd(new CpuClock(Makes));
        return
        [
            .. new[] { Driver.AfXdp, Driver.AfPacket }
                .Where(d => only is null || TestPmd.NameOf(d).Contains(only, StringComparison.Ordinal))
                .SelectMany(d => Measure(farEnd, d, rounds)),
        ];
    }

    private static ManagedResult[] Measure(FarEnd farEnd, Driver driver, int rounds)
    {
        using var peer = TryPeer(farEnd, driver);
        using var own = new Director(Connect(farEnd, $"m{driver.Name()}"), driver, Forwards, Makes);
        Contender[] contenders = peer is null ? [own] : [own, peer];
        Console.Error.WriteLine($"measuring {string.Join(" and ", contenders.Select(static c => c.Name))} by turns ({rounds} rounds of {Packets} packets each)");
        for (var round = -WarmUps; round < rounds; round++)
        {
            foreach (var contender in contenders)
            {
                if (round == 0)
                    contender.BeginCount();
                contender.Round(farEnd, Packets, Flows);
            }
        }
        ManagedResult[] results =
        [
            .. contenders.Select(static c => (c.Name, Net: c.Result(Packets), c.BytesAllocatedPerMillion)).Select(static c => new ManagedResult(
                c.Name, c.Net.Median, c.Net.Quartile1, c.Net.Quartile3, 1e9 / c.Net.Median, c.BytesAllocatedPerMillion, null, null, null, null)),
        ];
        if (peer is not null)
            results[0] = results[0] with { PeerName = results[1].Name, PeerNsMedian = results[1].NetNsMedian };
        return results;
    }

    private static TestPmd? TryPeer(FarEnd farEnd, Driver driver)
    {
        try
        {
            return new TestPmd(Connect(farEnd, $"t{driver.Name()}"), driver, Forwards, Makes);
        }
        catch (BenchmarkException e)
        {
            Console.Error.WriteLine($"{TestPmd.NameOf(driver)} was not measured: {e.Message}");
            return null;
        }
    }

    private static Cable Connect(FarEnd farEnd, string name)
    {
        var cable = Surroundings.Connect(name);
        // What XDP sends into a cable arrives only where somebody polls.
        SystemCommand.Run([.. Surroundings.In(Surroundings.Inside, "ethtool", "-K", name, "gro", "on")]);
        farEnd.Watch(cable);
        return cable;
    }
}
