namespace Sidestep.Packets;

/// <summary>The question who has an IPv6 address, to be sent (RFC 4861 section 4.3): an IPv6 packet with the asker's Ethernet
/// address as its only option.</summary>
/// <param name="SourceMac">Ethernet address of the asker.</param>
/// <param name="Source">Address of the asker on the link, not the unspecified one.</param>
/// <param name="Target">The address asked for.</param>
public readonly record struct NeighbourSolicitation(MacAddress SourceMac, Ipv6Address Source, Ipv6Address Target)
{
    /// <summary>Bytes of the packet: IPv6 header, message, option.</summary>
    public const int Length = NeighbourMessage.Length;

    private const byte Type = 135, SourceLinkLayerAddress = 1;

    /// <summary>Whom it is sent to: the group that everybody with the target address listens to, because a host that has taken
    /// the address over listens, too.</summary>
    public Ipv6Address Destination => Target.SolicitedNode;

    /// <summary>Writes the packet with its checksum.</summary>
    /// <param name="packet">At least <see cref="Length"/> bytes; the first 72 are written.</param>
    /// <exception cref="ArgumentOutOfRangeException">The target is too short; nothing was written.</exception>
    public void Write(Span<byte> packet) => NeighbourMessage.Write(
        packet, Type, flags: 0, Source, Destination, Target, SourceLinkLayerAddress, SourceMac);
}
