using System.Diagnostics;
using Sidestep.Benchmarks.Veth;
using Sidestep.Engine.Managed;
using Sidestep.Model;
using Sidestep.Native;

namespace Sidestep.Benchmarks.Managed;

/// <summary>
/// Frames per second of the CPU that takes them and sends them, over virtual cables, while more come than it can take: the managed
/// engine's drivers beside DPDK's testpmd, which swaps the Ethernet addresses and does nothing else, over its drivers of the same
/// kind. Another CPU makes the frames; what the kernel does on that one is in no figure.
/// </summary>
internal static class InterfaceBenchmark
{
    private const int Makes = 0, Forwards = 1, Packets = 400_000, WarmUps = 3, MostRounds = 15, Flows = 100_000;
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(20);

    /// <summary>Of its cases.</summary>
    internal static IReadOnlyList<string> Names { get; } = ["af-xdp", "af-packet", "testpmd-af-xdp", "testpmd-af-packet"];

    /// <param name="rounds">How many are measured, up to a limit.</param>
    /// <param name="only">Part of the name of a case: those of its driver; null: all.</param>
    internal static IReadOnlyList<ManagedResult> Run(int rounds, string? only)
    {
        rounds = Math.Min(rounds, MostRounds);
        if (Environment.ProcessorCount < 2)
            throw new BenchmarkException("frames are made on one CPU and forwarded on another, and there is only one");
        Kernel.PinThread(Makes);
        using var surroundings = new Surroundings();
        using var interrupted = new Interruption(surroundings);
        using var farEnd = new FarEnd(new CpuClock(Makes));
        var results = new List<ManagedResult>();
        foreach (var driver in new[] { Driver.AfXdp, Driver.AfPacket })
        {
            if (only is not null && !$"testpmd-{driver.Name()}".Contains(only, StringComparison.Ordinal))
                continue;
            var peer = Try($"testpmd-{driver.Name()}", () => TestPmd(farEnd, driver, rounds));
            var own = Engine(farEnd, driver, rounds);
            results.Add(own with { PeerName = peer?.Name, PeerNsMedian = peer?.NetNsMedian });
            if (peer is not null)
                results.Add(peer);
        }
        return results;
    }

    private static ManagedResult? Try(string name, Func<ManagedResult> measure)
    {
        try
        {
            return measure();
        }
        catch (BenchmarkException e)
        {
            Console.Error.WriteLine($"{name} was not measured: {e.Message}");
            return null;
        }
    }

    private static ManagedResult Engine(FarEnd farEnd, Driver driver, int rounds)
    {
        var cable = Cable(farEnd, $"m{driver.Name()}");
        var (_, tables) = DirectorSide.Compile(cable);
        Surroundings.Enter(Surroundings.Inside);
        // A worker runs on the first CPU that this thread may use; the frames are made on another.
        Kernel.PinThread(Forwards);
        using var engine = ManagedEngine.ForInterfaces(XdpBenchmark.DefaultFlows, null, Console.Error.WriteLine, workers: 1);
        engine.Apply(tables);
        engine.Attach([new DirectorInterface(cable.Name, driver)]);
        Kernel.PinThread(Makes);
        var thread = new ForwarderThread(Environment.ProcessId, $"{driver.Name()} 0", Forwards);
        var (allocated, frames) = (0L, 0L);
        var result = Measure(driver.Name(), farEnd, cable, thread, rounds, isBegun =>
        {
            var now = engine.Workers[0].Figures;
            if (isBegun)
                (allocated, frames) = (now.AllocatedBytes - allocated, now.Frames - frames);
            else
                (allocated, frames) = (now.AllocatedBytes, now.Frames);
        });
        engine.Remove();
        return result with { BytesAllocatedPerMillion = frames == 0 ? 0 : allocated * 1_000_000 / frames };
    }

    private static ManagedResult TestPmd(FarEnd farEnd, Driver driver, int rounds)
    {
        var cable = Cable(farEnd, $"t{driver.Name()}");
        var start = new ProcessStartInfo("nsenter",
        [
            .. Surroundings.In(Surroundings.Inside).Skip(1), "stdbuf", "-oL", "dpdk-testpmd", "--no-huge", "-m", "256", "--no-pci", "-l", $"{Makes},{Forwards}",
            "-d", "/usr/lib/x86_64-linux-gnu/dpdk/pmds-23.0", "--file-prefix", $"ssb{Environment.ProcessId}",
            $"--vdev={(driver == Driver.AfXdp ? $"net_af_xdp0,iface={cable.Name},start_queue=0,queue_count=1" : $"net_af_packet0,iface={cable.Name},framecnt=4096")}",
            "--", "-i", "--auto-start", "--forward-mode=macswap", "--total-num-mbufs=16384", "--nb-cores=1",
        ])
        { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        Process process;
        try
        {
            process = Process.Start(start)!;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            throw new BenchmarkException("nsenter is not installed");
        }
        using (process)
        {
            try
            {
                var said = new System.Text.StringBuilder();
                process.OutputDataReceived += (_, line) => Append(said, line.Data);
                process.ErrorDataReceived += (_, line) => Append(said, line.Data);
                process.BeginOutputReadLine();
                process.BeginErrorReadLine();
                var begun = SpinWait.SpinUntil(() => process.HasExited || Has(said, "Logical Core"), StartLimit);
                if (!begun || process.HasExited)
                    throw new BenchmarkException($"it did not start: {Last(said)}");
                return Measure($"testpmd-{driver.Name()}", farEnd, cable, new ForwarderThread(process.Id, "rte-worker", Forwards), rounds, static _ => { });
            }
            finally
            {
                if (!process.HasExited)
                    process.Kill();
                process.WaitForExit();
            }
        }
    }

    private static ManagedResult Measure(string name, FarEnd farEnd, Cable cable, ForwarderThread thread, int rounds, Action<bool> count)
    {
        Console.Error.WriteLine($"measuring {name} ({rounds} rounds of {Packets} packets)");
        var (samples, arrived) = (new List<double>(), 0L);
        for (var round = -WarmUps; round < rounds; round++)
        {
            if (round == 0)
                count(false);
            var before = thread.Ran;
            var now = farEnd.Flood(cable, DirectorSide.L2Vip, Flows, Packets);
            var ran = thread.Ran - before;
            if (now == 0)
                throw new BenchmarkException($"of {Packets} packets none came back");
            if (round < 0)
                continue;
            samples.Add(ran / now);
            arrived += now;
        }
        count(true);
        var net = new Distribution(samples);
        Console.Error.WriteLine($"{name}: {100.0 * arrived / ((long)rounds * Packets):0}% of what was sent had come back when the last was sent");
        return new ManagedResult(name, net.Median, net.Quartile1, net.Quartile3, 1e9 / net.Median, 0, null, null, null, null);
    }

    private static Cable Cable(FarEnd farEnd, string name)
    {
        var cable = Surroundings.Connect(name);
        // What XDP sends into a cable arrives only where somebody polls.
        SystemCommand.Run([.. Surroundings.In(Surroundings.Inside, "ethtool", "-K", name, "gro", "on")]);
        farEnd.Watch(cable);
        return cable;
    }

    private static void Append(System.Text.StringBuilder said, string? line)
    {
        lock (said)
            said.AppendLine(line);
    }

    private static bool Has(System.Text.StringBuilder said, string words)
    {
        Thread.Sleep(10);
        lock (said)
            return said.ToString().Contains(words, StringComparison.Ordinal);
    }

    private static string Last(System.Text.StringBuilder said)
    {
        lock (said)
            return string.Join(" | ", said.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries).TakeLast(3));
    }
}
