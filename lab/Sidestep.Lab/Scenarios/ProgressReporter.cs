using Sidestep.Lab.Traffic;

namespace Sidestep.Lab.Scenarios;

/// <summary>Prints the progress of the traffic every second.</summary>
internal sealed class ProgressReporter : IDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    private readonly Timer _timer;

    public ProgressReporter(TrafficProcess traffic, int total, string what, Action<string> log)
    {
        log($"sending {total} {what}");
        _timer = new Timer(
            _ =>
            {
                var now = traffic.Log.Now;
                log($"{now.Finished,5} of {total} {what}, {now.Failed} failed");
            },
            null,
            Interval,
            Interval);
    }

    public void Dispose() => _timer.Dispose();
}
