using System.Buffers.Binary;

namespace Sidestep.Packets;

/// <summary>The header of an IPv6 packet, ready to be written (RFC 8200 section 3).</summary>
public readonly record struct Ipv6Header
{
    /// <summary>Length of the header in bytes.</summary>
    public const int Length = Ipv6Packet.HeaderLength;

    /// <summary>The longest payload in bytes, extension headers included: 65,535.</summary>
    public const int MaxPayloadLength = ushort.MaxValue;

    private const int MaxFlowLabel = 0xfffff;

    /// <summary>A header with the default hop limit.</summary>
    public Ipv6Header()
    {
    }

    /// <summary>DSCP in the upper six bits, ECN in the lower two (RFC 2474 section 3, RFC 3168 section 5).</summary>
    public byte TrafficClass { get; init; }

    /// <summary>The flow label, 0 to 0xfffff; 0: the flow is not labelled (RFC 6437 section 2).</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is outside this range.</exception>
    public uint FlowLabel
    {
        get;
        init
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThan<uint>(value, MaxFlowLabel);
            field = value;
        }
    }

    /// <summary>Length of the payload in bytes, extension headers included, 0 to
    /// <see cref="MaxPayloadLength"/>.</summary>
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

    /// <summary>Type of the first extension header, or protocol of the payload.</summary>
    public required IpProtocol NextHeader { get; init; }

    /// <summary>The number of hops that the packet may take; 64 by default, as over IPv4.</summary>
    public byte HopLimit { get; init; } = 64;

    /// <summary>Source address: the sender's IPv6 address.</summary>
    public required Ipv6Address Source { get; init; }

    /// <summary>Destination address: the receiver's IPv6 address.</summary>
    public required Ipv6Address Destination { get; init; }

    /// <summary>Writes the header in network byte order.</summary>
    /// <param name="packet">At least <see cref="Length"/> bytes; the first 40 are written.</param>
    /// <exception cref="ArgumentOutOfRangeException">The buffer is too short; nothing was written.</exception>
    public void Write(Span<byte> packet)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(packet.Length, Length, nameof(packet));
        BinaryPrimitives.WriteUInt32BigEndian(packet, 6u << 28 | (uint)TrafficClass << 20 | FlowLabel);
        BinaryPrimitives.WriteUInt16BigEndian(packet[Ipv6Packet.Offset.PayloadLength..], (ushort)PayloadLength);
        packet[Ipv6Packet.Offset.NextHeader] = (byte)NextHeader;
        packet[Ipv6Packet.Offset.HopLimit] = HopLimit;
        Source.Write(packet[Ipv6Packet.Offset.Source..]);
        Destination.Write(packet[Ipv6Packet.Offset.Destination..]);
    }
}
