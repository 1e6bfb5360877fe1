using Sidestep.Lab.Traffic;

namespace Sidestep.Lab.Scenarios;

/// <summary>Says every second how far the traffic is.</summary>
internal sealed class Progress : IDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    private readonly Timer _timer;

    public Progress(TrafficProcess traffic, int total, string what, Action<string> say)
    {
        say($"sending {total} {what}");
        _timer = new Timer(
            _ =>
            {
                var now = traffic.Log.Now;
                say($"{now.Finished,5} of {total} {what}, {now.Failed} failed");
            },
            null,
            Interval,
            Interval);
    }

    public void Dispose() => _timer.Dispose();
}
