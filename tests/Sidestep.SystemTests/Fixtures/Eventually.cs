using System.Diagnostics;

namespace Sidestep.SystemTests.Fixtures;

/// <summary>Waiting is for a condition, and ends.</summary>
internal static class Eventually
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan DefaultTimeout = Sidestep.Lab.ScaledTimeout.Seconds(30);

    /// <summary>Waits; fails the test when the condition does not come true in time.</summary>
    /// <param name="condition">Asked again and again.</param>
    /// <param name="failure">What to say then.</param>
    /// <param name="timeout">30 seconds unless told, and as much longer as the lab waits.</param>
    public static void True(Func<bool> condition, Func<string> failure, TimeSpan? timeout = null)
    {
        var clock = Stopwatch.StartNew();
        while (!condition())
        {
            if (clock.Elapsed > (timeout ?? DefaultTimeout))
                Assert.Fail($"{failure()} (waited {clock.Elapsed.TotalSeconds:0.0} s)");
            Thread.Sleep(Interval);
        }
    }
}
