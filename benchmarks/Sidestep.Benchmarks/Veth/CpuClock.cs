using System.Globalization;
using System.IO.Compression;

namespace Sidestep.Benchmarks.Veth;

/// <summary>
/// CPU time of one CPU for this thread: that of the thread itself and of ksoftirqd, which continues packet processing
/// that takes too long. Time of other processes and idle time are not included.
/// </summary>
internal sealed class CpuClock
{
    private const string IrqTimeAccounting = "CONFIG_IRQ_TIME_ACCOUNTING=y";

    private readonly string? _packetThread;

    /// <param name="cpu">The CPU that this thread is bound to.</param>
    /// <exception cref="BenchmarkException">Such times are not meaningful with this kernel.</exception>
    internal CpuClock(int cpu)
    {
        if (!File.Exists("/proc/thread-self/schedstat"))
            throw new BenchmarkException("this kernel does not report the CPU time of threads (CONFIG_SCHED_INFO)");
        // The kernel processes packets in the time of the sending thread, and such a kernel does not account that time
        // to it.
        if (Configuration().Contains(IrqTimeAccounting))
            throw new BenchmarkException($"this kernel accounts packet processing to no thread ({IrqTimeAccounting})");
        var name = string.Create(CultureInfo.InvariantCulture, $"ksoftirqd/{cpu}\n");
        _packetThread = Directory.EnumerateDirectories("/proc")
            .FirstOrDefault(p => char.IsAsciiDigit(Path.GetFileName(p)[0]) && NameOf(p) == name);
    }

    /// <summary>Nanoseconds since an arbitrary start.</summary>
    internal double Now() =>
        RunNanoseconds("/proc/thread-self") + (_packetThread is null ? 0 : RunNanoseconds(_packetThread));

    private static double RunNanoseconds(string process) =>
        double.Parse(File.ReadAllText(process + "/schedstat").Split(' ')[0], CultureInfo.InvariantCulture);

    /// <summary>The kernel's build configuration, in lines; empty if it is not available.</summary>
    private static string[] Configuration()
    {
        if (File.Exists("/proc/config.gz"))
        {
            using var packed = new GZipStream(File.OpenRead("/proc/config.gz"), CompressionMode.Decompress);
            using var text = new StreamReader(packed);
            return text.ReadToEnd().Split('\n');
        }
        var file = $"/boot/config-{File.ReadAllText("/proc/sys/kernel/osrelease").Trim()}";
        return File.Exists(file) ? File.ReadAllLines(file) : [];
    }

    private static string NameOf(string process)
    {
        try
        {
            return File.ReadAllText(process + "/comm");
        }
        catch (IOException)
        {
            return ""; // it has ended
        }
    }
}
