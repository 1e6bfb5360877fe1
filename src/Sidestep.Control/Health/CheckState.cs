namespace Sidestep.Control.Health;

/// <summary>What is known of one check: its verdict, by rise and fall. Not safe for threads.</summary>
internal sealed class CheckState(Check check)
{
    private int _successes;
    private int _failures;

    /// <summary>What is asked; its settings may change.</summary>
    internal Check Check { get; set; } = check;

    /// <summary>Up or down.</summary>
    internal HealthStatus Status { get; private set; } = HealthStatus.Unknown;

    /// <summary>When the verdict last changed; null before the first.</summary>
    internal DateTimeOffset? Since { get; private set; }

    /// <summary>Why the last bad probe was bad; null when there was none.</summary>
    internal string? Error { get; private set; }

    /// <summary>When that was.</summary>
    internal DateTimeOffset? ErrorAt { get; private set; }

    /// <summary>Takes in what came of a probe.</summary>
    /// <param name="result">What came of it.</param>
    /// <param name="rise">Good probes in a row that bring it up.</param>
    /// <param name="now">The time.</param>
    /// <returns>True when the verdict changed.</returns>
    internal bool Record(ProbeResult result, int rise, DateTimeOffset now)
    {
        if (result.Kind is ProbeResultKind.Failure or ProbeResultKind.NotSent)
            (Error, ErrorAt) = (result.Reason, now);
        switch (result.Kind)
        {
            case ProbeResultKind.Success:
                (_successes, _failures) = (_successes + 1, 0);
                return Status != HealthStatus.Up && _successes >= rise && SetStatus(HealthStatus.Up, now);
            case ProbeResultKind.Failure:
                (_successes, _failures) = (0, _failures + 1);
                return Status != HealthStatus.Down && _failures >= Check.Monitor.Fall && SetStatus(HealthStatus.Down, now);
            case ProbeResultKind.Exempt:
                return Status != HealthStatus.Up && SetStatus(HealthStatus.Up, now);
            default:
                return false;
        }
    }

    private bool SetStatus(HealthStatus verdict, DateTimeOffset now)
    {
        (Status, Since) = (verdict, now);
        return true;
    }
}

/// <summary>What is known of a way to a server.</summary>
public enum HealthStatus
{
    /// <summary>Nobody looks.</summary>
    NotChecked,

    /// <summary>Not known yet.</summary>
    Unknown,

    /// <summary>It works.</summary>
    Up,

    /// <summary>It does not.</summary>
    Down,
}
