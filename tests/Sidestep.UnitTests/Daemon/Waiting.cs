using System.Diagnostics;
using Sidestep.UnitTests.Control;

namespace Sidestep.UnitTests.Daemon;

/// <summary>Waits for conditions, and fails after a bounded time.</summary>
internal static class Waiting
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    /// <summary>Waits until a condition holds.</summary>
    public static async Task UntilAsync(Func<bool> condition, Func<string>? failure = null)
    {
        var clock = Stopwatch.StartNew();
        while (!condition())
        {
            Assert.True(clock.Elapsed < Limit, failure?.Invoke() ?? "the condition did not come true");
            await Task.Delay(1);
        }
    }

    /// <summary>Advances a clock from timer to timer until a task is complete, at most to a time.</summary>
    /// <returns>The time that passed on the clock.</returns>
    public static async Task<TimeSpan> CompleteAsync(this ManualTime time, Task task, TimeSpan? atMost = null)
    {
        var start = time.GetTimestamp();
        var clock = Stopwatch.StartNew();
        while (!task.IsCompleted)
        {
            Assert.True(clock.Elapsed < Limit, "the task did not complete");
            Assert.True(time.GetElapsedTime(start) <= (atMost ?? TimeSpan.FromMinutes(10)), "the task takes too long");
            if (time.NextDue is { } due)
                time.Advance(due > TimeSpan.Zero ? due : TimeSpan.Zero);
            else
                await Task.Yield();
        }
        await task;
        return time.GetElapsedTime(start);
    }
}
