using Sidestep.Api.Status;
using Sidestep.Daemon.Engines;
using Sidestep.Daemon.Probes;
using Sidestep.Hosting.Supervision;

namespace Sidestep.Daemon;

/// <summary>Reads the status of the engine, of the daemon and of the servers' health. Safe for threads.</summary>
/// <param name="engine">Reads its tables and counters.</param>
/// <param name="daemon">Keeps what the daemon reports about itself.</param>
/// <param name="failures">Counts the failures of its loops.</param>
/// <param name="linesDropped">Reads how many lines of the log were dropped.</param>
internal sealed class StatusReader(DirectorEngine engine, StatusReporter daemon, LoopFailures failures,
    Func<long> linesDropped)
{
    private HealthService? _health;

    /// <summary>The health of servers; null until the health checks exist.</summary>
    internal HealthService? Health
    {
        get => Volatile.Read(ref _health);
        set => Volatile.Write(ref _health, value);
    }

    /// <summary>The status without agents and address conflicts.</summary>
    /// <exception cref="Forwarding.EngineException">The engine's state cannot be read; the message says
    /// why.</exception>
    internal DirectorStatus Read() => engine.ReadStatus() with
    {
        Source = StatusSource.Daemon,
        Daemon = Daemon(),
        Health = Health?.Report(),
    };

    private DaemonStatus Daemon()
    {
        daemon.SetProblems(ProblemSource.Loops, failures.Problems);
        return daemon.Current with
        {
            Failures = [.. failures.All.Select(static f => new FailureRecord(f.Name, f.Times, f.LastAt, f.LastError))],
            LogLinesDropped = linesDropped(),
        };
    }
}
