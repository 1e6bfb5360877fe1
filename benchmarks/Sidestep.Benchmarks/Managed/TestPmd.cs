using System.Diagnostics;
using System.Text;
using Sidestep.Benchmarks.Veth;
using Sidestep.Model;

namespace Sidestep.Benchmarks.Managed;

/// <summary>DPDK's testpmd, which swaps the Ethernet addresses and does nothing else. It never sleeps, so it is told to stop while others work.</summary>
internal sealed class TestPmd : Contender
{
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(20);

    private readonly Process _process;

    /// <param name="cable">Its own.</param>
    /// <param name="driver">The kind of its own.</param>
    /// <param name="worksOn">The CPU.</param>
    /// <param name="elsewhere">The CPU of its other thread.</param>
    /// <exception cref="BenchmarkException">It is not installed, or did not start.</exception>
    internal TestPmd(Cable cable, Driver driver, int worksOn, int elsewhere) : base(NameOf(driver), cable)
    {
        try
        {
            _process = Process.Start(new ProcessStartInfo("nsenter",
            [
                .. Surroundings.In(Surroundings.Inside).Skip(1), "stdbuf", "-oL", "dpdk-testpmd", "--no-huge", "-m", "256", "--no-pci", "-l", $"{elsewhere},{worksOn}",
                "-d", "/usr/lib/x86_64-linux-gnu/dpdk/pmds-23.0", "--file-prefix", $"ssb{Environment.ProcessId}",
                $"--vdev={(driver == Driver.AfXdp ? $"net_af_xdp0,iface={cable.Name},start_queue=0,queue_count=1" : $"net_af_packet0,iface={cable.Name},framecnt=4096")}",
                "--", "-i", "--no-flush-rx", "--forward-mode=macswap", "--total-num-mbufs=16384", "--nb-cores=1",
            ])
            { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true })!;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            throw new BenchmarkException("nsenter is not installed");
        }
        try
        {
            var said = new StringBuilder();
            _process.OutputDataReceived += (_, line) => Append(said, line.Data);
            _process.ErrorDataReceived += (_, line) => Append(said, line.Data);
            _process.BeginOutputReadLine();
            _process.BeginErrorReadLine();
            if (!SpinWait.SpinUntil(() => _process.HasExited || Has(said, "Done"), StartLimit) || _process.HasExited)
                throw new BenchmarkException($"it did not start: {Last(said)}");
            Thread = new ForwarderThread(_process.Id, "rte-worker", worksOn);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    protected override ForwarderThread Thread { get; }

    internal static string NameOf(Driver driver) => $"testpmd-{driver.Name()}";

    protected override void Resume() => Say("start");

    protected override void Pause() => Say("stop");

    public override void Dispose()
    {
        if (!_process.HasExited)
            _process.Kill();
        _process.WaitForExit();
        _process.Dispose();
    }

    private void Say(string command)
    {
        _process.StandardInput.WriteLine(command);
        _process.StandardInput.Flush();
    }

    private static void Append(StringBuilder said, string? line)
    {
        lock (said)
            said.AppendLine(line);
    }

    private static bool Has(StringBuilder said, string words)
    {
        System.Threading.Thread.Sleep(10);
        lock (said)
            return said.ToString().Contains(words, StringComparison.Ordinal);
    }

    private static string Last(StringBuilder said)
    {
        lock (said)
            return string.Join(" | ", said.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries).TakeLast(3));
    }
}
