namespace Sidestep.Api.Status;

/// <summary>The health of a check, or of several together.</summary>
public enum HealthStatus
{
    /// <summary>There is no check, so it never counts as down.</summary>
    NotChecked,

    /// <summary>Too few probes have ended to tell: neither rise nor fall is reached.</summary>
    Unknown,

    /// <summary>As many probes in a row succeeded as rise says, and not so many failed since.</summary>
    Up,

    /// <summary>As many probes in a row failed as fall says, and not so many succeeded since.</summary>
    Down,
}
