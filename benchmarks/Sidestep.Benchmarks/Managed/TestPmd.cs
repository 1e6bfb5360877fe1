using System.Diagnostics;
using System.Text;
using Sidestep.Benchmarks.Veth;
using Sidestep.Model;

namespace Sidestep.Benchmarks.Managed;

/// <summary>DPDK's testpmd, which only swaps the Ethernet addresses. It polls all the time, so it is stopped while
/// others are measured.</summary>
internal sealed class TestPmd : Contender
{
    private static readonly TimeSpan StartTimeout = TimeSpan.FromSeconds(20);

    private readonly Process _process;

    /// <param name="veth">Its veth pair.</param>
    /// <param name="driver">The driver of Sidestep that it is compared with.</param>
    /// <param name="forwarderCpu">The CPU of the thread that forwards.</param>
    /// <param name="generatorCpu">The CPU of testpmd's main thread.</param>
    /// <exception cref="BenchmarkException">testpmd is not installed, or did not start.</exception>
    internal TestPmd(VethPair veth, Driver driver, int forwarderCpu, int generatorCpu) : base(NameOf(driver), veth)
    {
        try
        {
            _process = Process.Start(new ProcessStartInfo("nsenter",
            [
                .. Testbed.InNamespace(Testbed.ForwarderNamespace).Skip(1), "stdbuf", "-oL", "dpdk-testpmd",
                "--no-huge", "-m", "256", "--no-pci", "-l", $"{generatorCpu},{forwarderCpu}",
                "-d", "/usr/lib/x86_64-linux-gnu/dpdk/pmds-23.0", "--file-prefix", $"ssb{Environment.ProcessId}",
                "--vdev=" + (driver == Driver.AfXdp
                    ? $"net_af_xdp0,iface={veth.Name},start_queue=0,queue_count=1"
                    : $"net_af_packet0,iface={veth.Name},framecnt=4096"),
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
            var output = new StringBuilder();
            _process.OutputDataReceived += (_, line) => Append(output, line.Data);
            _process.ErrorDataReceived += (_, line) => Append(output, line.Data);
            _process.BeginOutputReadLine();
            _process.BeginErrorReadLine();
            if (!SpinWait.SpinUntil(() => _process.HasExited || Has(output, "Done"), StartTimeout)
                || _process.HasExited)
                throw new BenchmarkException($"it did not start: {Last(output)}");
            Thread = new ForwarderThread(_process.Id, "rte-worker", forwarderCpu);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    protected override ForwarderThread Thread { get; }

    internal static string NameOf(Driver driver) => $"testpmd-{driver.Name()}";

    protected override void Resume() => SendCommand("start");

    protected override void Pause() => SendCommand("stop");

    public override void Dispose()
    {
        if (!_process.HasExited)
            _process.Kill();
        _process.WaitForExit();
        _process.Dispose();
    }

    private void SendCommand(string command)
    {
        _process.StandardInput.WriteLine(command);
        _process.StandardInput.Flush();
    }

    private static void Append(StringBuilder output, string? line)
    {
        lock (output)
            output.AppendLine(line);
    }

    private static bool Has(StringBuilder output, string text)
    {
        System.Threading.Thread.Sleep(10);
        lock (output)
            return output.ToString().Contains(text, StringComparison.Ordinal);
    }

    private static string Last(StringBuilder output)
    {
        lock (output)
            return string.Join(" | ", output.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries).TakeLast(3));
    }
}
