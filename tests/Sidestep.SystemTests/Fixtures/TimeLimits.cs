namespace Sidestep.SystemTests.Fixtures;

/// <summary>How long things may take; each is a promise with room for a busy machine.</summary>
internal static class TimeLimits
{
    /// <summary>Promised: a second.</summary>
    public static readonly TimeSpan NextHopConvergence = TimeSpan.FromSeconds(1.5);
}
