using System.Diagnostics;

namespace Sidestep.UnitTests.Control;

/// <summary>Waits for what other threads do, which takes no time by the test's clock.</summary>
internal static class Until
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(30);

    public static async Task TrueAsync(Func<bool> condition, string failure)
    {
        var clock = Stopwatch.StartNew();
        while (!condition())
        {
            Assert.True(clock.Elapsed < Timeout, failure);
            await Task.Delay(1);
        }
    }
}
