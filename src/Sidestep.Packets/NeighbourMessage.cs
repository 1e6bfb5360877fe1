using System.Buffers.Binary;

namespace Sidestep.Packets;

/// <summary>What solicitations and announcements have in common: an IPv6 packet with one message about one address (RFC 4861
/// sections 4.3 and 4.4) and one Ethernet address as its option (section 4.6.1).</summary>
internal static class NeighbourMessage
{
    /// <summary>Bytes of the packet: IPv6 header, message, option.</summary>
    internal const int Length = HeaderLength + MessageLength;

    private const int HeaderLength = 40, MessageLength = 32;
    private const byte OptionUnits = 1;

    /// <summary>Writes the packet with its checksum.</summary>
    /// <param name="packet">At least <see cref="Length"/> bytes; so many are written.</param>
    /// <param name="type">Of the message.</param>
    /// <param name="flags">The first byte after the checksum.</param>
    /// <param name="source">Sender.</param>
    /// <param name="destination">Whom it is sent to.</param>
    /// <param name="target">The address that it is about.</param>
    /// <param name="option">Type of the option.</param>
    /// <param name="mac">The option.</param>
    /// <exception cref="ArgumentOutOfRangeException">The packet is too short; nothing was written.</exception>
    internal static void Write(
        Span<byte> packet, byte type, byte flags, Ipv6Address source, Ipv6Address destination, Ipv6Address target, byte option, MacAddress mac)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(packet.Length, Length, nameof(packet));
        packet = packet[..Length];
        packet.Clear();
        packet[0] = 0x60;
        BinaryPrimitives.WriteUInt16BigEndian(packet[4..], MessageLength);
        packet[6] = (byte)IpProtocol.IcmpV6;
        packet[7] = NeighbourAdvertisement.HopLimit;
        source.Write(packet[8..]);
        destination.Write(packet[24..]);

        var message = packet[HeaderLength..];
        message[0] = type;
        message[4] = flags;
        target.Write(message[8..]);
        message[24] = option;
        message[25] = OptionUnits;
        mac.Write(message[26..]);
        BinaryPrimitives.WriteUInt16BigEndian(message[2..], NeighbourAdvertisement.ChecksumOf(packet, message));
    }
}
