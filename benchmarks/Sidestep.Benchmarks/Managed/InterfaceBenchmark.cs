using Sidestep.Benchmarks.Veth;
using Sidestep.Model;
using Sidestep.Native;

namespace Sidestep.Benchmarks.Managed;

/// <summary>
/// Measures frames per second of the forwarding CPU, over veth pairs, under overload: the managed engine's drivers
/// beside DPDK's testpmd with its drivers of the same kind. They alternate round by round, so that other load of the
/// machine affects both. Another CPU generates the frames; its work is in no figure.
/// </summary>
internal static class InterfaceBenchmark
{
    private const int GeneratorCpu = 0, ForwarderCpu = 1, Packets = 400_000, WarmUps = 3, Flows = 100_000;

    /// <summary>Prefix of the names of its cases.</summary>
    internal static IReadOnlyList<string> Names { get; } = ["af-xdp", "af-packet", "testpmd-af-xdp",
        "testpmd-af-packet"];

    /// <param name="rounds">Number of measured rounds per case.</param>
    /// <param name="only">Part of a case's name: only cases of its driver run; null: all run.</param>
    internal static IReadOnlyList<ManagedResult> Run(int rounds, string? only)
    {
        if (Environment.ProcessorCount < 2)
            throw new BenchmarkException(
                "one CPU generates frames and another forwards them, but this machine has only one");
        Kernel.PinThread(GeneratorCpu);
        using var testbed = new Testbed();
        using var cleanup = new CleanupOnSignal(testbed);
        using var generator = new TrafficGenerator(new CpuClock(GeneratorCpu));
        return
        [
            .. new[] { Driver.AfXdp, Driver.AfPacket }
                .Where(d => only is null || TestPmd.NameOf(d).Contains(only, StringComparison.Ordinal))
                .SelectMany(d => Measure(generator, d, rounds)),
        ];
    }

    private static ManagedResult[] Measure(TrafficGenerator generator, Driver driver, int rounds)
    {
        using var peer = TryPeer(generator, driver);
        using var own = new ManagedDirector(Connect(generator, $"m{driver.Name()}"), driver, ForwarderCpu,
            GeneratorCpu);
        Contender[] contenders = peer is null ? [own] : [own, peer];
        Console.Error.WriteLine(
            $"measuring {string.Join(" and ", contenders.Select(static c => c.Name))} alternately ({rounds} rounds of "
                + $"{Packets} packets each)");
        for (var round = -WarmUps; round < rounds; round++)
        {
            foreach (var contender in contenders)
            {
                if (round == 0)
                    contender.BeginCount();
                contender.Round(generator, Packets, Flows);
            }
        }
        ManagedResult[] results =
        [
            .. contenders.Select(static c => (c.Name, Net: c.Result(Packets), c.BytesAllocatedPerMillion))
                .Select(static c => new ManagedResult(
                c.Name, c.Net.Median, c.Net.Quartile1, c.Net.Quartile3, 1e9 / c.Net.Median, c.BytesAllocatedPerMillion,
                    null, null, null, null)),
        ];
        if (peer is not null)
            results[0] = results[0] with { PeerName = results[1].Name, PeerNsMedian = results[1].NetNsMedian };
        return results;
    }

    private static TestPmd? TryPeer(TrafficGenerator generator, Driver driver)
    {
        try
        {
            return new TestPmd(Connect(generator, $"t{driver.Name()}"), driver, ForwarderCpu, GeneratorCpu);
        }
        catch (BenchmarkException e)
        {
            Console.Error.WriteLine($"{TestPmd.NameOf(driver)} was not measured: {e.Message}");
            return null;
        }
    }

    private static VethPair Connect(TrafficGenerator generator, string name)
    {
        var veth = Testbed.CreateVeth(name);
        // Frames that XDP sends into a veth pair arrive only at an end that polls (NAPI).
        SystemCommand.Run([.. Testbed.InNamespace(Testbed.ForwarderNamespace, "ethtool", "-K", name, "gro", "on")]);
        generator.Watch(veth);
        return veth;
    }
}
