using System.Diagnostics;

namespace Sidestep.SystemTests.Fixtures;

/// <summary>Waits for a condition, for a bounded time.</summary>
internal static class Eventually
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan DefaultTimeout = Sidestep.Lab.ScaledTimeout.Seconds(30);

    /// <summary>Waits until a condition is true; fails the test when the time is over.</summary>
    /// <param name="condition">Evaluated every 20 milliseconds.</param>
    /// <param name="failure">The message of the failure.</param>
    /// <param name="timeout">Null: 30 seconds, scaled by the timeout factor of the lab.</param>
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
