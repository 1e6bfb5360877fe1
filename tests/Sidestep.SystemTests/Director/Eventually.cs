using System.Diagnostics;

namespace Sidestep.SystemTests.Director;

/// <summary>Waiting is for a condition, and ends.</summary>
internal static class Eventually
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    /// <summary>Waits; fails the test when the condition does not come true in time.</summary>
    /// <param name="condition">Asked again and again.</param>
    /// <param name="failure">What to say then.</param>
    /// <param name="limit">30 seconds unless told.</param>
    public static void True(Func<bool> condition, Func<string> failure, TimeSpan? limit = null)
    {
        var clock = Stopwatch.StartNew();
        while (!condition())
        {
            if (clock.Elapsed > (limit ?? Limit))
                Assert.Fail($"{failure()} (waited {clock.Elapsed.TotalSeconds:0.0} s)");
            Thread.Sleep(Interval);
        }
    }
}
