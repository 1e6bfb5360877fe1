using System.Globalization;

namespace Sidestep.Lab.Captures;

/// <summary>How many frames of each kind have passed one end of a cable.</summary>
/// <param name="RequestsIn">To the node, with the VIP as destination.</param>
/// <param name="RequestsOut">From the node, with the VIP as destination, without an outer packet.</param>
/// <param name="EncapsulatedOut">From the node, with a packet to the VIP inside another packet.</param>
/// <param name="RequestsWithoutDaemon">Part of <paramref name="RequestsIn"/>: frames that arrived while nothing
/// forwarded.</param>
/// <param name="Replies">In either direction, with the VIP as source of the packet or of the inner packet.</param>
internal readonly record struct FrameTotals(FrameVolume RequestsIn, FrameVolume RequestsOut,
    FrameVolume EncapsulatedOut, FrameVolume RequestsWithoutDaemon, FrameVolume Replies)
{
    public static FrameTotals operator -(FrameTotals later, FrameTotals earlier) => new(
        later.RequestsIn - earlier.RequestsIn,
        later.RequestsOut - earlier.RequestsOut,
        later.EncapsulatedOut - earlier.EncapsulatedOut,
        later.RequestsWithoutDaemon - earlier.RequestsWithoutDaemon,
        later.Replies - earlier.Replies);
}

internal readonly record struct FrameVolume(long Frames, long Bytes)
{
    public static FrameVolume operator -(FrameVolume later, FrameVolume earlier) =>
        new(later.Frames - earlier.Frames, later.Bytes - earlier.Bytes);

    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{Frames:N0} frames ({Bytes:N0} bytes)");
}
