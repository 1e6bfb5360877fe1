using System.Buffers.Binary;

namespace Sidestep.Packets;

/// <summary>Writes an IPv6 packet with one neighbour solicitation or advertisement (RFC 4861 sections 4.3 and 4.4) and
/// one link-layer address option (section 4.6.1).</summary>
internal static class NeighbourMessage
{
    /// <summary>Length of the packet in bytes: IPv6 header, message and option.</summary>
    internal const int Length = Ipv6Header.Length + MessageLength;

    private const int MessageLength = 32;
    private const byte OptionUnits = 1;

    /// <summary>Writes the packet with its checksum.</summary>
    /// <param name="packet">At least <see cref="Length"/> bytes; the first 72 are written.</param>
    /// <param name="type">ICMPv6 type of the message.</param>
    /// <param name="flags">The byte after the checksum: R, S and O in the upper three bits of an advertisement.</param>
    /// <param name="source">Address of the sender.</param>
    /// <param name="destination">Address of the receiver.</param>
    /// <param name="target">The target address of the message.</param>
    /// <param name="option">Type of the option: source (1) or target (2) link-layer address.</param>
    /// <param name="mac">The Ethernet address in the option.</param>
    /// <exception cref="ArgumentOutOfRangeException">The buffer is too short; nothing was written.</exception>
    internal static void Write(
        Span<byte> packet, byte type, byte flags, Ipv6Address source, Ipv6Address destination, Ipv6Address target,
        byte option, MacAddress mac)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(packet.Length, Length, nameof(packet));
        packet = packet[..Length];
        packet.Clear();
        new Ipv6Header
        {
            PayloadLength = MessageLength,
            NextHeader = IpProtocol.Ipv6Icmp,
            HopLimit = NeighbourAdvertisement.HopLimit,
            Source = source,
            Destination = destination,
        }.Write(packet);

        var message = packet[Ipv6Header.Length..];
        message[0] = type;
        message[4] = flags;
        target.Write(message[8..]);
        message[24] = option;
        message[25] = OptionUnits;
        mac.Write(message[26..]);
        BinaryPrimitives.WriteUInt16BigEndian(message[2..], InternetChecksum.Finish(InternetChecksum.Sum(
            message, InternetChecksum.SumPseudoHeader(source, destination, IpProtocol.Ipv6Icmp, message.Length))));
    }
}
