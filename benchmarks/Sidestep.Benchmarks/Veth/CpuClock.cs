using System.Globalization;
using System.IO.Compression;

namespace Sidestep.Benchmarks.Veth;

/// <summary>
/// How long one CPU has worked for this thread: as long as the thread ran, and the kernel's thread that goes on with packets
/// where they take too long. Neither what other processes took of the CPU is in it, nor what the kernel slept.
/// </summary>
internal sealed class CpuClock
{
    private const string IrqTimeAccounting = "CONFIG_IRQ_TIME_ACCOUNTING=y";

    private readonly string? _packetThread;

    /// <param name="cpu">The one that this thread is kept on.</param>
    /// <exception cref="BenchmarkException">Such times would say nothing here.</exception>
    internal CpuClock(int cpu)
    {
        if (!File.Exists("/proc/thread-self/schedstat"))
            throw new BenchmarkException("this kernel does not say how long a thread ran (CONFIG_SCHED_INFO)");
        // Packets are handled in the time of the thread that sent them, and such a kernel takes that out.
        if (Configuration().Contains(IrqTimeAccounting))
            throw new BenchmarkException($"this kernel counts the handling of packets as nobody's time ({IrqTimeAccounting})");
        var name = string.Create(CultureInfo.InvariantCulture, $"ksoftirqd/{cpu}\n");
        _packetThread = Directory.EnumerateDirectories("/proc").FirstOrDefault(p => char.IsAsciiDigit(Path.GetFileName(p)[0]) && NameOf(p) == name);
    }

    /// <summary>Nanoseconds since some time.</summary>
    internal double Now() => RunNanoseconds("/proc/thread-self") + (_packetThread is null ? 0 : RunNanoseconds(_packetThread));

    private static double RunNanoseconds(string process) =>
        double.Parse(File.ReadAllText(process + "/schedstat").Split(' ')[0], CultureInfo.InvariantCulture);

    /// <summary>What the kernel was built with, by line; empty where nobody knows.</summary>
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
