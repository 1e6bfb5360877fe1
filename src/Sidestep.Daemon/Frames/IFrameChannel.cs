namespace Sidestep.Daemon.Frames;

/// <summary>Sends and receives whole Ethernet frames.</summary>
internal interface IFrameChannel : IDisposable
{
    /// <summary>Sends one frame out of an interface.</summary>
    /// <param name="interfaceIndex">The kernel's index of the egress interface.</param>
    /// <param name="frame">From the Ethernet header on, without check sequence.</param>
    /// <returns>False: the interface is down, gone, or its queue is full. The frame is lost.</returns>
    bool Send(int interfaceIndex, ReadOnlySpan<byte> frame);

    /// <summary>Passes on the frames that wait, without waiting for more. A flood cannot occupy the caller: the number
    /// of frames per call is bounded, and the rest comes at the next call.</summary>
    void Receive(FrameHandler handle);
}

/// <summary>Handles a received frame.</summary>
/// <param name="frame">From the Ethernet header on; long frames are cut off. Valid only during the call.</param>
/// <param name="interfaceIndex">The kernel's index of the ingress interface.</param>
internal delegate void FrameHandler(ReadOnlySpan<byte> frame, int interfaceIndex);
