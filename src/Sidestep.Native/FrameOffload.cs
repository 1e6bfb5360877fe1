using System.Buffers.Binary;

namespace Sidestep.Native;

/// <summary>What a frame still lacks because a device was to do it (struct virtio_net_hdr, five words of the machine's byte order).</summary>
/// <param name="NeedsChecksum">The checksum at <paramref name="ChecksumStart"/> + <paramref name="ChecksumOffset"/> covers the pseudo header only.</param>
/// <param name="Kind">How the frame is to be cut.</param>
/// <param name="SegmentBytes">Payload of each part.</param>
/// <param name="ChecksumStart">Where the checksum begins, from the Ethernet header on.</param>
/// <param name="ChecksumOffset">Where the checksum itself lies, from there on.</param>
public readonly record struct FrameOffload(bool NeedsChecksum, SegmentKind Kind, int SegmentBytes, int ChecksumStart, int ChecksumOffset)
{
    internal const int Bytes = 10;

    /// <summary>Nothing is lacking.</summary>
    public bool IsWhole => !NeedsChecksum && Kind == SegmentKind.None;

    internal static FrameOffload Read(ReadOnlySpan<byte> header)
    {
        const byte NeedsChecksumFlag = 1, EcnFlag = 0x80;
        return new FrameOffload((header[0] & NeedsChecksumFlag) != 0, (SegmentKind)(header[1] & ~EcnFlag),
            BinaryPrimitives.ReadUInt16LittleEndian(header[4..]), BinaryPrimitives.ReadUInt16LittleEndian(header[6..]),
            BinaryPrimitives.ReadUInt16LittleEndian(header[8..]));
    }
}

/// <summary>What several segments were joined to (VIRTIO_NET_HDR_GSO_*).</summary>
public enum SegmentKind
{
    /// <summary>Nothing was.</summary>
    None = 0,

    /// <summary>TCP over IPv4.</summary>
    Tcp4 = 1,

    /// <summary>One UDP datagram, to be fragmented.</summary>
    UdpFragments = 3,

    /// <summary>TCP over IPv6.</summary>
    Tcp6 = 4,

    /// <summary>UDP datagrams of one flow.</summary>
    Udp = 5,
}
