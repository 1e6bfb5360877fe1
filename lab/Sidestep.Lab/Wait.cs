namespace Sidestep.Lab;

/// <summary>Waiting is always for a condition, and always ends.</summary>
internal static class Wait
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(20);

    public static async Task<bool> TryUntilAsync(Func<Task<bool>> condition, TimeSpan timeout, CancellationToken cancel)
    {
        var end = Environment.TickCount64 + (long)timeout.TotalMilliseconds;
        while (true)
        {
            if (await condition())
                return true;
            if (Environment.TickCount64 >= end)
                return false;
            await Task.Delay(Interval, cancel);
        }
    }

    public static Task<bool> TryUntilAsync(Func<bool> condition, TimeSpan timeout, CancellationToken cancel)
        => TryUntilAsync(() => Task.FromResult(condition()), timeout, cancel);

    /// <param name="failure">Says what was waited for and what to look at; asked only when the time is over.</param>
    public static async Task UntilAsync(Func<bool> condition, TimeSpan timeout, Func<string> failure, CancellationToken cancel)
    {
        if (!await TryUntilAsync(condition, timeout, cancel))
            throw new LabException($"{failure()} (waited {timeout.TotalSeconds:0} s)");
    }
}
