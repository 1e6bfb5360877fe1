using System.Buffers.Binary;

namespace Sidestep.Packets;

/// <summary>The header of an unfragmented IPv4 datagram, without options, ready to be written (RFC 791 section
/// 3.1).</summary>
public sealed record Ipv4Header
{
    /// <summary>Length of the header in bytes.</summary>
    public const int Length = Ipv4Packet.MinimumHeaderLength;

    /// <summary>The longest payload in bytes: 65,515.</summary>
    public const int MaxPayloadLength = ushort.MaxValue - Length;

    /// <summary>DSCP in the upper six bits, ECN in the lower two (RFC 2474 section 3, RFC 3168 section 5).</summary>
    public byte TrafficClass { get; init; }

    /// <summary>Length of the payload in bytes, 0 to <see cref="MaxPayloadLength"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is outside this range.</exception>
    public required int PayloadLength
    {
        get;
        init
        {
            ArgumentOutOfRangeException.ThrowIfNegative(value);
            ArgumentOutOfRangeException.ThrowIfGreaterThan(value, MaxPayloadLength);
            field = value;
        }
    }

    /// <summary>Identifies the fragments of one datagram; 0 where <see cref="DontFragment"/> makes it meaningless (RFC
    /// 6864 section 4.1).</summary>
    public ushort Identification { get; init; }

    /// <summary>The DF flag: routers must not fragment the datagram. Set by default.</summary>
    public bool DontFragment { get; init; } = true;

    /// <summary>The number of hops that the datagram may take; 64 is the recommended default (RFC 1340, "IP time to
    /// live parameter").</summary>
    public byte TimeToLive { get; init; } = 64;

    /// <summary>The IANA number of the payload's protocol, such as TCP.</summary>
    public required IpProtocol Protocol { get; init; }

    /// <summary>Source address: the sender's IPv4 address.</summary>
    public required Ipv4Address Source { get; init; }

    /// <summary>Destination address: the receiver's IPv4 address.</summary>
    public required Ipv4Address Destination { get; init; }

    /// <summary>Writes the header with its checksum, in network byte order.</summary>
    /// <param name="datagram">At least <see cref="Length"/> bytes; the first 20 are written.</param>
    /// <exception cref="ArgumentOutOfRangeException">The buffer is too short; nothing was written.</exception>
    public void Write(Span<byte> datagram)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(datagram.Length, Length, nameof(datagram));
        datagram[Ipv4Packet.Offset.VersionAndLength] = 0x45;
        datagram[Ipv4Packet.Offset.TrafficClass] = TrafficClass;
        BinaryPrimitives.WriteUInt16BigEndian(
            datagram[Ipv4Packet.Offset.TotalLength..], (ushort)(Length + PayloadLength));
        BinaryPrimitives.WriteUInt16BigEndian(datagram[Ipv4Packet.Offset.Identification..], Identification);
        BinaryPrimitives.WriteUInt16BigEndian(datagram[Ipv4Packet.Offset.Fragment..],
            (ushort)(DontFragment ? Ipv4Packet.DontFragmentFlag : 0));
        datagram[Ipv4Packet.Offset.TimeToLive] = TimeToLive;
        datagram[Ipv4Packet.Offset.Protocol] = (byte)Protocol;
        Source.Write(datagram[Ipv4Packet.Offset.Source..]);
        Destination.Write(datagram[Ipv4Packet.Offset.Destination..]);
        BinaryPrimitives.WriteUInt16BigEndian(datagram[Ipv4Packet.Offset.Checksum..], 0);
        BinaryPrimitives.WriteUInt16BigEndian(datagram[Ipv4Packet.Offset.Checksum..],
            InternetChecksum.Compute(datagram[..Length]));
    }
}
