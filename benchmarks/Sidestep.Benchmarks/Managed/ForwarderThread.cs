using System.Globalization;
using Sidestep.Benchmarks.Veth;

namespace Sidestep.Benchmarks.Managed;

/// <summary>The thread that forwards, of this process or another, and its CPU time.</summary>
internal sealed class ForwarderThread
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(10);

    private const string Cpus = "Cpus_allowed_list:";

    private readonly string _statistics, _state;

    /// <param name="process">Id of the process.</param>
    /// <param name="name">Start of the thread's name.</param>
    /// <param name="cpu">The only CPU that the thread may run on.</param>
    /// <exception cref="BenchmarkException">There is no such thread, or it is bound to another CPU, where it would
    /// compete with the generator.</exception>
    internal ForwarderThread(int process, string name, int cpu)
    {
        var tasks = string.Create(CultureInfo.InvariantCulture, $"/proc/{process}/task");
        string? found = null;
        if (!SpinWait.SpinUntil(() => (found = Find(tasks, name)) is not null || !Directory.Exists(tasks), Timeout)
            || found is null)
            throw new BenchmarkException($"there is no thread '{name}' in process {process}");
        var cpus = File.ReadLines(Path.Combine(found, "status"))
            .First(static l => l.StartsWith(Cpus, StringComparison.Ordinal))[Cpus.Length..].Trim();
        if (cpus != cpu.ToString(CultureInfo.InvariantCulture))
            throw new BenchmarkException($"thread '{name}' of process {process} runs on CPU {cpus} and not on {cpu}");
        _statistics = Path.Combine(found, "schedstat");
        _state = Path.Combine(found, "stat");
    }

    /// <summary>True while the thread neither sleeps nor is stopped.</summary>
    internal bool IsRunning => File.ReadAllText(_state).Split(')')[^1][1] == 'R';

    /// <summary>CPU time in nanoseconds; while the thread runs, up to a tick too little.</summary>
    internal double RunNanoseconds =>
        double.Parse(File.ReadAllText(_statistics).Split(' ')[0], CultureInfo.InvariantCulture);

    private static string? Find(string tasks, string name)
    {
        Thread.Sleep(1);
        return !Directory.Exists(tasks) ? null
            : Directory.EnumerateDirectories(tasks)
                .FirstOrDefault(t =>
                    File.ReadAllText(Path.Combine(t, "comm")).StartsWith(name, StringComparison.Ordinal));
    }
}
