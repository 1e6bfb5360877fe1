using System.Buffers.Binary;

namespace Sidestep.Packets;

/// <summary>An IPv4 header without options, of a whole datagram, to be sent (RFC 791 section 3.1).</summary>
public sealed record Ipv4Header
{
    /// <summary>Bytes written.</summary>
    public const int Length = Ipv4Packet.MinimumHeaderLength;

    /// <summary>Most bytes that can follow the header.</summary>
    public const int MaxPayloadLength = ushort.MaxValue - Length;

    /// <summary>DSCP in the upper six bits, ECN in the lower two.</summary>
    public byte TrafficClass { get; init; }

    /// <summary>Bytes that follow the header, 0 to <see cref="MaxPayloadLength"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Any other number.</exception>
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

    /// <summary>Ties fragments together; 0 where <see cref="DontFragment"/> makes it meaningless (RFC 6864 section 4.1).</summary>
    public ushort Identification { get; init; }

    /// <summary>Routers must not fragment it.</summary>
    public bool DontFragment { get; init; } = true;

    /// <summary>Hops it may take; 64 is recommended (RFC 1340, "IP time to live parameter").</summary>
    public byte TimeToLive { get; init; } = 64;

    /// <summary>What follows.</summary>
    public required IpProtocol Protocol { get; init; }

    /// <summary>Sender.</summary>
    public required Ipv4Address Source { get; init; }

    /// <summary>Receiver.</summary>
    public required Ipv4Address Destination { get; init; }

    /// <summary>Writes the header with its checksum.</summary>
    /// <param name="datagram">At least <see cref="Length"/> bytes; the first 20 are written.</param>
    /// <exception cref="ArgumentOutOfRangeException">The target is too short; nothing was written.</exception>
    public void Write(Span<byte> datagram)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(datagram.Length, Length, nameof(datagram));
        datagram[Ipv4Packet.Offset.VersionAndLength] = 0x45;
        datagram[Ipv4Packet.Offset.TrafficClass] = TrafficClass;
        BinaryPrimitives.WriteUInt16BigEndian(datagram[Ipv4Packet.Offset.TotalLength..], (ushort)(Length + PayloadLength));
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
