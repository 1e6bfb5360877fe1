namespace Sidestep.SystemTests.Fixtures;

/// <summary>The longest times that are documented, with a margin for a busy machine.</summary>
internal static class TimeLimits
{
    /// <summary>Documented: one second.</summary>
    public static readonly TimeSpan NextHopConvergence = TimeSpan.FromSeconds(1.5);
}
