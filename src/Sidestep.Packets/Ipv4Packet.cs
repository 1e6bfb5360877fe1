using System.Buffers.Binary;

namespace Sidestep.Packets;

/// <summary>A read-only view of an IPv4 datagram (RFC 791 section 3.1).</summary>
public readonly ref struct Ipv4Packet
{
    /// <summary>Length of a header without options, in bytes.</summary>
    public const int MinimumHeaderLength = 20;

    internal const int DontFragmentFlag = 0x4000;
    internal const int MoreFragmentsFlag = 0x2000;
    internal const int FragmentOffsetMask = 0x1fff;
    private const int FragmentUnit = 8;

    private readonly ReadOnlySpan<byte> _bytes; // as long as the total length field says

    private Ipv4Packet(ReadOnlySpan<byte> bytes) => _bytes = bytes;

    /// <summary>Length of the header with its options, in bytes, 20 to 60.</summary>
    public int HeaderLength => (_bytes[Offset.VersionAndLength] & 0x0f) * 4;

    /// <summary>DSCP in the upper six bits, ECN in the lower two (RFC 2474 section 3, RFC 3168 section 5).</summary>
    public byte TrafficClass => _bytes[Offset.TrafficClass];

    /// <summary>Length of header and payload, in bytes.</summary>
    public int TotalLength => _bytes.Length;

    /// <summary>Identifies the fragments of one datagram; meaningless in an atomic datagram (RFC 6864 section
    /// 4.1).</summary>
    public ushort Identification => BinaryPrimitives.ReadUInt16BigEndian(_bytes[Offset.Identification..]);

    /// <summary>The DF flag: routers must not fragment the datagram.</summary>
    public bool DontFragment => (FragmentWord & DontFragmentFlag) != 0;

    /// <summary>The MF flag: the packet is a fragment, and not the last one of its datagram.</summary>
    public bool MoreFragments => (FragmentWord & MoreFragmentsFlag) != 0;

    /// <summary>Position of the payload within the payload of the whole datagram, in bytes: a multiple of 8.</summary>
    public int FragmentOffsetBytes => (FragmentWord & FragmentOffsetMask) * FragmentUnit;

    /// <summary>True if the packet is a fragment. Only the fragment at offset 0 has the transport header.</summary>
    public bool IsFragment => (FragmentWord & (MoreFragmentsFlag | FragmentOffsetMask)) != 0;

    /// <summary>The number of hops that the datagram may still take.</summary>
    public byte TimeToLive => _bytes[Offset.TimeToLive];

    /// <summary>Protocol of the payload; any value may occur.</summary>
    public IpProtocol Protocol => (IpProtocol)_bytes[Offset.Protocol];

    /// <summary>The header checksum field, in host byte order; not verified.</summary>
    public ushort Checksum => BinaryPrimitives.ReadUInt16BigEndian(_bytes[Offset.Checksum..]);

    /// <summary>True if the checksum over the header is correct.</summary>
    public bool HasValidChecksum => InternetChecksum.Compute(_bytes[..HeaderLength]) == 0;

    /// <summary>Source address field: the sender's IPv4 address.</summary>
    public Ipv4Address Source => Ipv4Address.Read(_bytes[Offset.Source..]);

    /// <summary>Destination address field: the receiver's IPv4 address.</summary>
    public Ipv4Address Destination => Ipv4Address.Read(_bytes[Offset.Destination..]);

    /// <summary>The options, 0 to 40 bytes, not validated.</summary>
    public ReadOnlySpan<byte> Options => _bytes[MinimumHeaderLength..HeaderLength];

    /// <summary>The bytes after the header and its options, without the padding of the frame.</summary>
    public ReadOnlySpan<byte> Payload => _bytes[HeaderLength..];

    private int FragmentWord => BinaryPrimitives.ReadUInt16BigEndian(_bytes[Offset.Fragment..]);

    /// <summary>Checks the bytes and creates the view. After true, no accessor throws. The checksum is not
    /// verified.</summary>
    /// <param name="bytes">The datagram from the IPv4 header on; padding may follow.</param>
    /// <param name="packet">The view; meaningless when the result is false.</param>
    /// <returns>False when the version is not 4, or when the length fields contradict each other or
    /// <paramref name="bytes"/>.</returns>
    public static bool TryParse(ReadOnlySpan<byte> bytes, out Ipv4Packet packet)
    {
        packet = default;
        if (bytes.Length < MinimumHeaderLength || bytes[Offset.VersionAndLength] >> 4 != 4)
            return false;
        var headerLength = (bytes[Offset.VersionAndLength] & 0x0f) * 4;
        var totalLength = BinaryPrimitives.ReadUInt16BigEndian(bytes[Offset.TotalLength..]);
        if (headerLength < MinimumHeaderLength || totalLength < headerLength || totalLength > bytes.Length)
            return false;
        packet = new Ipv4Packet(bytes[..totalLength]);
        return true;
    }

    internal static class Offset
    {
        internal const int VersionAndLength = 0;
        internal const int TrafficClass = 1;
        internal const int TotalLength = 2;
        internal const int Identification = 4;
        internal const int Fragment = 6;
        internal const int TimeToLive = 8;
        internal const int Protocol = 9;
        internal const int Checksum = 10;
        internal const int Source = 12;
        internal const int Destination = 16;
    }
}
