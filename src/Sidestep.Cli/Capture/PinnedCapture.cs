using Sidestep.Api.Captures;
using Sidestep.Forwarding.Capture;

namespace Sidestep.Cli.Capture;

/// <summary>A capture of this process, through the pinned maps of a director.</summary>
/// <param name="session">The capture; disposed with this object.</param>
internal sealed class PinnedCapture(ICaptureSession session) : ICaptureFeed
{
    public bool IsPinned => true;

    public CaptureLoss Loss => CaptureRecords.Of(session.Counts);

    public void Poll(TimeSpan timeout, Action<FrameRecord> handle) =>
        session.Poll(timeout, frame => handle(CaptureRecords.Of(frame)));

    public void Drain(Action<FrameRecord> handle) => Poll(TimeSpan.Zero, handle);

    public void Dispose() => session.Dispose();
}
