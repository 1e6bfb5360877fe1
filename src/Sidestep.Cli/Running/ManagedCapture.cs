using Sidestep.Forwarding.Capture;
using Sidestep.Forwarding.Running;

namespace Sidestep.Cli.Running;

/// <summary>A capture that the daemon makes, and is asked for again and again.</summary>
internal sealed class ManagedCapture : ICaptureSession
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);

    private readonly ManagedDirector _director;
    private readonly CaptureFilter _filter;
    private readonly CaptureLimits _limits;
    private CaptureAnswer _last;

    /// <summary>Begins.</summary>
    /// <param name="director">Owned from now on.</param>
    /// <param name="filter">Which frames.</param>
    /// <param name="limits">How many, and how much of them.</param>
    internal ManagedCapture(ManagedDirector director, CaptureFilter filter, CaptureLimits limits)
    {
        (_director, _filter, _limits) = (director, filter, limits);
        try
        {
            _last = Ask(0, ends: false);
        }
        catch
        {
            director.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public CaptureCounts Counts => _last.Counts;

    /// <inheritdoc/>
    public void Poll(TimeSpan timeout, Action<CapturedFrame> take)
    {
        var end = DateTime.UtcNow + timeout;
        do
        {
            _last = Ask(_last.Session, ends: false);
            foreach (var frame in _last.Frames)
                take(frame);
            if (_last.Frames.Count > 0)
                return;
            Thread.Sleep(Pause);
        }
        while (DateTime.UtcNow < end);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        try
        {
            Ask(_last.Session, ends: true);
        }
        catch (Forwarding.EngineException)
        {
            // the daemon has ended, and the capture with it
        }
        _director.Dispose();
    }

    private CaptureAnswer Ask(long session, bool ends) => _director.Capture(new CaptureQuestion(session, _filter, _limits, ends));
}
