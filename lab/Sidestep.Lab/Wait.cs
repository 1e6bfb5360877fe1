namespace Sidestep.Lab;

/// <summary>Waits for conditions, always with a timeout.</summary>
internal static class Wait
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(20);

    /// <param name="condition">Evaluated until it is true.</param>
    /// <param name="timeout">When to give up.</param>
    /// <param name="cancel">Ends the wait.</param>
    /// <param name="interval">Pause between two evaluations; null: 20 milliseconds.</param>
    public static async Task<bool> TryUntilAsync(Func<Task<bool>> condition, TimeSpan timeout, CancellationToken cancel,
        TimeSpan? interval = null)
    {
        var end = Environment.TickCount64 + (long)timeout.TotalMilliseconds;
        while (true)
        {
            if (await condition())
                return true;
            if (Environment.TickCount64 >= end)
                return false;
            await Task.Delay(interval ?? Interval, cancel);
        }
    }

    public static Task<bool> TryUntilAsync(Func<bool> condition, TimeSpan timeout, CancellationToken cancel)
        => TryUntilAsync(() => Task.FromResult(condition()), timeout, cancel);

    /// <param name="failure">Describes the condition and where to look; called only on timeout.</param>
    public static async Task UntilAsync(Func<bool> condition, TimeSpan timeout, Func<string> failure,
        CancellationToken cancel)
    {
        if (!await TryUntilAsync(condition, timeout, cancel))
            throw new LabException($"{failure()} (waited {timeout.TotalSeconds:0} s)");
    }
}
