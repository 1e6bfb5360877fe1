using System.Globalization;
using Sidestep.Benchmarks.Veth;

namespace Sidestep.Benchmarks.Managed;

/// <summary>The thread that takes frames and sends them, of this process or another, and how long it ran.</summary>
internal sealed class ForwarderThread
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(10);

    private const string Cpus = "Cpus_allowed_list:";

    private readonly string _statistics, _state;

    /// <param name="process">Of whom.</param>
    /// <param name="name">How its name begins.</param>
    /// <param name="cpu">Where it is meant to run, and nothing else.</param>
    /// <exception cref="BenchmarkException">There is no such thread, or it is kept elsewhere: it would share a CPU with who makes the frames.</exception>
    internal ForwarderThread(int process, string name, int cpu)
    {
        var tasks = string.Create(CultureInfo.InvariantCulture, $"/proc/{process}/task");
        string? found = null;
        if (!SpinWait.SpinUntil(() => (found = Find(tasks, name)) is not null || !Directory.Exists(tasks), Timeout) || found is null)
            throw new BenchmarkException($"there is no thread '{name}' in process {process}");
        var cpus = File.ReadLines(Path.Combine(found, "status")).First(static l => l.StartsWith(Cpus, StringComparison.Ordinal))[Cpus.Length..].Trim();
        if (cpus != cpu.ToString(CultureInfo.InvariantCulture))
            throw new BenchmarkException($"thread '{name}' of process {process} runs on CPU {cpus} and not on {cpu}");
        _statistics = Path.Combine(found, "schedstat");
        _state = Path.Combine(found, "stat");
    }

    /// <summary>It neither sleeps nor was stopped.</summary>
    internal bool IsRunning => File.ReadAllText(_state).Split(')')[^1][1] == 'R';

    /// <summary>Nanoseconds; up to a tick too few while it runs.</summary>
    internal double RunNanoseconds => double.Parse(File.ReadAllText(_statistics).Split(' ')[0], CultureInfo.InvariantCulture);

    private static string? Find(string tasks, string name)
    {
        Thread.Sleep(1);
        return !Directory.Exists(tasks) ? null
            : Directory.EnumerateDirectories(tasks).FirstOrDefault(t => File.ReadAllText(Path.Combine(t, "comm")).StartsWith(name, StringComparison.Ordinal));
    }
}
