namespace Sidestep.Packets;

/// <summary>A neighbour solicitation, ready to be written (RFC 4861 section 4.3): an IPv6 packet whose only option is
/// the sender's Ethernet address.</summary>
/// <param name="SourceMac">Ethernet address of the sender.</param>
/// <param name="Source">IPv6 address of the sender on the link; not the unspecified address.</param>
/// <param name="Target">The address whose Ethernet address is requested.</param>
public readonly record struct NeighbourSolicitation(MacAddress SourceMac, Ipv6Address Source, Ipv6Address Target)
{
    /// <summary>Length of the packet in bytes: IPv6 header, message and option.</summary>
    public const int Length = NeighbourMessage.Length;

    private const byte Type = 135, SourceLinkLayerAddress = 1;

    /// <summary>Destination of the packet: the solicited-node multicast address of the target. A host that has taken
    /// over the target address receives it, too.</summary>
    public Ipv6Address Destination => Target.SolicitedNode;

    /// <summary>Writes the packet with its checksum.</summary>
    /// <param name="packet">At least <see cref="Length"/> bytes; the first 72 are written.</param>
    /// <exception cref="ArgumentOutOfRangeException">The buffer is too short; nothing was written.</exception>
    public void Write(Span<byte> packet) => NeighbourMessage.Write(
        packet, Type, flags: 0, Source, Destination, Target, SourceLinkLayerAddress, SourceMac);
}
