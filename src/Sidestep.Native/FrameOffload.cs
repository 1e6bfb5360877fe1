using System.Buffers.Binary;

namespace Sidestep.Native;

/// <summary>Work on a frame that its sender left to a device (struct virtio_net_hdr; integers in host byte
/// order).</summary>
/// <param name="NeedsChecksum">The checksum at <paramref name="ChecksumStart"/> + <paramref name="ChecksumOffset"/>
/// covers only the pseudo header.</param>
/// <param name="Kind">How the frame must be segmented.</param>
/// <param name="SegmentBytes">Payload bytes of each segment.</param>
/// <param name="ChecksumStart">Where the checksummed part begins, in bytes from the Ethernet header on.</param>
/// <param name="ChecksumOffset">Offset of the checksum field from there, in bytes.</param>
public readonly record struct FrameOffload(
    bool NeedsChecksum, SegmentKind Kind, int SegmentBytes, int ChecksumStart, int ChecksumOffset)
{
    internal const int Bytes = 10;

    /// <summary>True if the frame can be sent as it is: its checksum is complete, and it is no super-packet.</summary>
    public bool IsWhole => !NeedsChecksum && Kind == SegmentKind.None;

    internal static FrameOffload Read(ReadOnlySpan<byte> header)
    {
        const byte NeedsChecksumFlag = 1, EcnFlag = 0x80;
        return new FrameOffload((header[0] & NeedsChecksumFlag) != 0, (SegmentKind)(header[1] & ~EcnFlag),
            BinaryPrimitives.ReadUInt16LittleEndian(header[4..]), BinaryPrimitives.ReadUInt16LittleEndian(header[6..]),
            BinaryPrimitives.ReadUInt16LittleEndian(header[8..]));
    }
}

/// <summary>How segments were joined (VIRTIO_NET_HDR_GSO_*).</summary>
public enum SegmentKind
{
    /// <summary>The frame is a single packet: nothing was joined.</summary>
    None = 0,

    /// <summary>TCP segments of one connection over IPv4.</summary>
    Tcp4 = 1,

    /// <summary>One UDP datagram that has to be fragmented.</summary>
    UdpFragments = 3,

    /// <summary>TCP segments of one connection over IPv6.</summary>
    Tcp6 = 4,

    /// <summary>Several UDP datagrams of one flow.</summary>
    Udp = 5,
}
