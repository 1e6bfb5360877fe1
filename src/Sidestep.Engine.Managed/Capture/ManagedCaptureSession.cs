using Sidestep.Forwarding.Capture;

namespace Sidestep.Engine.Managed.Capture;

/// <summary>A capture of a managed engine.</summary>
/// <remarks>One thread at a time.</remarks>
/// <param name="engine">The engine.</param>
/// <param name="tap">Its running capture.</param>
internal sealed class ManagedCaptureSession(ManagedEngine engine, CaptureTap tap) : ICaptureSession
{
    private const int MaxFrames = 1024;
    private static readonly TimeSpan FetchInterval = TimeSpan.FromMilliseconds(20);

    public CaptureCounts Counts => tap.Counts;

    public void Poll(TimeSpan timeout, Action<CapturedFrame> handle)
    {
        var end = Environment.TickCount64 + (long)timeout.TotalMilliseconds;
        while (true)
        {
            var frames = tap.Fetch(MaxFrames);
            foreach (var frame in frames)
                handle(frame);
            if (frames.Count > 0 || Environment.TickCount64 >= end)
                return;
            if (!ReferenceEquals(engine.Tap, tap))
            {
                throw new Forwarding.EngineException(
                    "this capture was not read for too long, and another 'sidestep capture' has replaced it");
            }
            Thread.Sleep(FetchInterval);
        }
    }

    public void Dispose() => engine.EndCapture(tap);
}
