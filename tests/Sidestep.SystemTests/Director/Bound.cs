namespace Sidestep.SystemTests.Director;

/// <summary>How long things may take; each is a promise with room for a busy machine.</summary>
internal static class Bound
{
    /// <summary>Promised: a second.</summary>
    public static readonly TimeSpan FollowsANextHop = TimeSpan.FromSeconds(1.5);
}
