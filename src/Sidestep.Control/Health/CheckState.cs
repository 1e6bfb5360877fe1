using Sidestep.Api.Status;

namespace Sidestep.Control.Health;

/// <summary>The status of one check, by rise and fall. Not safe for threads.</summary>
internal sealed class CheckState(Check check)
{
    private int _successes;
    private int _failures;

    /// <summary>The check; the settings of its monitor may change.</summary>
    internal Check Check { get; set; } = check;

    /// <summary>Status of the check: unknown at first, then up or down.</summary>
    internal HealthStatus Status { get; private set; } = HealthStatus.Unknown;

    /// <summary>When the status last changed; null: it is unknown.</summary>
    internal DateTimeOffset? Since { get; private set; }

    /// <summary>Reason of the last probe that failed or was not sent; null when there was none.</summary>
    internal string? Error { get; private set; }

    /// <summary>Time at which the probe of <see cref="Error"/> ended; null when there was none.</summary>
    internal DateTimeOffset? ErrorAt { get; private set; }

    /// <summary>Records the result of a probe.</summary>
    /// <returns>True when the status changed.</returns>
    internal bool Record(ProbeResult result, DateTimeOffset now)
    {
        if (result.Kind is ProbeResultKind.Failure or ProbeResultKind.NotSent)
            (Error, ErrorAt) = (result.Reason, now);
        switch (result.Kind)
        {
            case ProbeResultKind.Success:
                (_successes, _failures) = (_successes + 1, 0);
                return Status != HealthStatus.Up && _successes >= Check.Monitor.Rise && SetStatus(HealthStatus.Up, now);
            case ProbeResultKind.Failure:
                (_successes, _failures) = (0, _failures + 1);
                return Status != HealthStatus.Down && _failures >= Check.Monitor.Fall
                    && SetStatus(HealthStatus.Down, now);
            case ProbeResultKind.Exempt:
                return Status != HealthStatus.Up && SetStatus(HealthStatus.Up, now);
            default:
                return false;
        }
    }

    private bool SetStatus(HealthStatus status, DateTimeOffset now)
    {
        (Status, Since) = (status, now);
        return true;
    }
}
