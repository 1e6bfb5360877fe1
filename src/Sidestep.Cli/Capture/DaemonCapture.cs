using Sidestep.Api;
using Sidestep.Api.Captures;

namespace Sidestep.Cli.Capture;

/// <summary>A capture of the daemon.</summary>
/// <param name="reader">Its frames; disposed with this object.</param>
internal sealed class DaemonCapture(CaptureReader reader) : ICaptureFeed
{
    /// <summary>The daemon ends a batch ten times a second, even without frames.</summary>
    private static readonly TimeSpan LongestBatch = TimeSpan.FromMilliseconds(500);

    /// <summary>The pending read of the next line: a poll that times out leaves it to the next poll.</summary>
    private Task<FrameRecord?>? _next;

    public bool IsPinned => false;

    public CaptureLoss Loss => reader.Loss;

    public void Poll(TimeSpan timeout, Action<FrameRecord> handle)
    {
        while (true)
        {
            _next ??= reader.ReadAsync();
            if (Task.WaitAny([_next], timeout) < 0)
                return;
            var line = _next;
            _next = null;
            if (LocalDaemon.Run(line) is not { } frame)
                return; // the end of a batch
            handle(frame);
        }
    }

    public void Drain(Action<FrameRecord> handle)
    {
        // The end of the first batch may have been sent before this call; that of the second one was not.
        Poll(LongestBatch, handle);
        Poll(LongestBatch, handle);
    }

    public void Dispose() => reader.DisposeAsync().AsTask().GetAwaiter().GetResult();
}
