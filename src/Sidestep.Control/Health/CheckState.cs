using Sidestep.Api.Status;

namespace Sidestep.Control.Health;

/// <summary>The status of one check, by rise and fall. Not safe for threads.</summary>
internal sealed class CheckState(Check check)
{
    private int _successes;
    private int _failures;

    /// <summary>Probes in a row without any answer.</summary>
    private int _misses;
    private TargetState _target = new() { Unknown = 1 };

    /// <summary>The check; the settings of its monitor may change.</summary>
    internal Check Check { get; set; } = check;

    /// <summary>Status of the check: unknown at first, then up or down.</summary>
    internal HealthStatus Status { get; private set; } = HealthStatus.Unknown;

    /// <summary>True if the check was up at any time. A check that never was is unproven: the server may not serve the
    /// target yet.</summary>
    internal bool WasUp { get; private set; }

    /// <summary>True while the application answers from the address that is probed, as expected or not. As many probes
    /// without an answer as fall says end it.</summary>
    internal bool Responds { get; private set; }

    /// <summary>What the servers of the group have in common at the target of this check.</summary>
    internal TargetState Target
    {
        get => _target;
        set
        {
            _target = value;
            value.IsVerified |= WasUp;
            value.Unknown += Status == HealthStatus.Unknown ? 1 : 0;
        }
    }

    /// <summary>When the status last changed; null: it is unknown.</summary>
    internal DateTimeOffset? Since { get; private set; }

    /// <summary>Reason of the last probe that failed or was not sent; null when there was none.</summary>
    internal string? Error { get; private set; }

    /// <summary>Time at which the probe of <see cref="Error"/> ended; null when there was none.</summary>
    internal DateTimeOffset? ErrorAt { get; private set; }

    /// <summary>Takes over from an earlier daemon that the check was up.</summary>
    internal void SetVerified()
    {
        WasUp = true;
        Target.IsVerified = true;
    }

    /// <summary>Records the result of a probe.</summary>
    /// <returns>True when the status, or <see cref="Responds"/>, changed.</returns>
    internal bool Record(ProbeResult result, DateTimeOffset now)
    {
        if (result.Kind is ProbeResultKind.Failure or ProbeResultKind.NotSent)
            (Error, ErrorAt) = (result.Reason, now);
        switch (result.Kind)
        {
            case ProbeResultKind.Success:
                (_successes, _failures) = (_successes + 1, 0);
                return RecordResponse(true)
                    | (Status != HealthStatus.Up && _successes >= Check.Monitor.Rise
                    && SetStatus(HealthStatus.Up, now));
            case ProbeResultKind.Failure:
                (_successes, _failures) = (0, _failures + 1);
                return RecordResponse(result.Responds)
                    | (Status != HealthStatus.Down && _failures >= Check.Monitor.Fall
                    && SetStatus(HealthStatus.Down, now));
            case ProbeResultKind.Exempt:
                return RecordResponse(true) | (Status != HealthStatus.Up && SetStatus(HealthStatus.Up, now));
            default:
                return false;
        }
    }

    private bool RecordResponse(bool answers)
    {
        var before = Responds;
        _misses = answers ? 0 : _misses + 1;
        Responds = answers || (Responds && _misses < Check.Monitor.Fall);
        return Responds != before;
    }

    private bool SetStatus(HealthStatus status, DateTimeOffset now)
    {
        Target.Unknown -= Status == HealthStatus.Unknown ? 1 : 0;
        (Status, Since) = (status, now);
        if (status == HealthStatus.Up)
            SetVerified();
        return true;
    }
}

/// <summary>What is known about one target of a monitor, a VIP with a port, from all servers of a group. Not safe for
/// threads.</summary>
internal sealed class TargetState
{
    /// <summary>True if the check of any server has ever been up there.</summary>
    internal bool IsVerified { get; set; }

    /// <summary>The servers with a check of the target, once for each group.</summary>
    internal List<ServerHealthState> Servers { get; } = [];

    /// <summary>The number of servers whose check of the target has no status yet.</summary>
    internal int Unknown { get; set; }

    /// <summary>True if no server of the group serves the target, as far as each was probed: then it says nothing about
    /// a single server.</summary>
    internal bool IsUnserved => !IsVerified && Unknown == 0;
}
