using Sidestep.Native;

namespace Sidestep.Daemon.Frames;

/// <summary>Sends frames, and receives none.</summary>
internal sealed class SentFrames : IFrameChannel
{
    private readonly FrameSender _sender = FrameSender.Open();

    public bool Send(int interfaceIndex, ReadOnlySpan<byte> frame) => _sender.Send(interfaceIndex, frame);

    public void Receive(FrameHandler handle)
    {
        // Sockets of the caller receive the replies.
    }

    public void Dispose() => _sender.Dispose();
}
