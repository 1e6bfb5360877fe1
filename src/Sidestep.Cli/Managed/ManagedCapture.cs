using Sidestep.Forwarding.Capture;
using Sidestep.Forwarding.LocalApi;

namespace Sidestep.Cli.Managed;

/// <summary>A capture in the daemon of a managed director, which this class polls for frames.</summary>
internal sealed class ManagedCapture : ICaptureSession
{
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(20);

    private readonly ManagedDirector _director;
    private readonly CaptureFilter _filter;
    private readonly CaptureLimits _limits;
    private CaptureResponse _last;

    /// <summary>Starts the capture.</summary>
    /// <param name="director">Disposed with the capture.</param>
    /// <param name="filter">Which frames.</param>
    /// <param name="limits">How many frames, and how much of each.</param>
    internal ManagedCapture(ManagedDirector director, CaptureFilter filter, CaptureLimits limits)
    {
        (_director, _filter, _limits) = (director, filter, limits);
        try
        {
            _last = Query(0, ends: false);
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
    public void Poll(TimeSpan timeout, Action<CapturedFrame> handle)
    {
        var end = DateTime.UtcNow + timeout;
        do
        {
            _last = Query(_last.Session, ends: false);
            foreach (var frame in _last.Frames)
                handle(frame);
            if (_last.Frames.Count > 0)
                return;
            Thread.Sleep(PollInterval);
        }
        while (DateTime.UtcNow < end);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        try
        {
            Query(_last.Session, ends: true);
        }
        catch (Forwarding.EngineException)
        {
            // The daemon has exited, which ended the capture.
        }
        _director.Dispose();
    }

    private CaptureResponse Query(long session, bool ends) =>
        _director.Capture(new CaptureRequest(session, _filter, _limits, ends));
}
