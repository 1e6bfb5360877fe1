using System.Diagnostics;
using System.Globalization;

namespace Sidestep.Benchmarks.Veth;

/// <summary>
/// How long one CPU has worked for this thread: as long as it ran, and the kernel's thread that goes on with packets that
/// take too long. What other processes took of the CPU is not in it.
/// </summary>
/// <remarks>Counted as time that has passed less time spent waiting for the CPU: some kernels do not count the handling of
/// packets as the time of whom it interrupts.</remarks>
internal sealed class CpuClock
{
    private readonly string? _packetThread;

    /// <param name="cpu">The one that this thread is kept on.</param>
    internal CpuClock(int cpu)
    {
        var name = string.Create(CultureInfo.InvariantCulture, $"ksoftirqd/{cpu}\n");
        _packetThread = Directory.EnumerateDirectories("/proc").FirstOrDefault(p => char.IsAsciiDigit(Path.GetFileName(p)[0]) && NameOf(p) == name);
    }

    /// <summary>Nanoseconds since some time.</summary>
    internal double Now() => Stopwatch.GetTimestamp() * (1e9 / Stopwatch.Frequency) - Schedule("/proc/thread-self")[1]
        + (_packetThread is null ? 0 : Schedule(_packetThread)[0]);

    /// <summary>Nanoseconds that it ran, and that it waited; neither on a kernel that does not say.</summary>
    private static double[] Schedule(string process) => File.Exists(process + "/schedstat")
        ? [.. File.ReadAllText(process + "/schedstat").Split(' ').Select(static n => double.Parse(n, CultureInfo.InvariantCulture))]
        : [0, 0];

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
