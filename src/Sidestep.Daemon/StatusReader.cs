using Sidestep.Api.Status;
using Sidestep.Daemon.Engines;
using Sidestep.Daemon.Probes;

namespace Sidestep.Daemon;

/// <summary>Reads the status of the engine, of the daemon and of the servers' health. Safe for threads.</summary>
/// <param name="engine">Reads its tables and counters.</param>
/// <param name="daemon">Keeps what the daemon reports about itself.</param>
internal sealed class StatusReader(DirectorEngine engine, StatusReporter daemon)
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
        Daemon = daemon.Current,
        Health = Health?.Report(),
    };
}
