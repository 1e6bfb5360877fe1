namespace Sidestep.Packets;

/// <summary>An unsolicited neighbour advertisement to all nodes, ready to be written: it announces a new Ethernet
/// address of an IPv6 address (RFC 4861 section 7.2.6).</summary>
/// <param name="Mac">The Ethernet address that is announced.</param>
/// <param name="Source">An IPv6 address of the sender on the link.</param>
/// <param name="Target">The IPv6 address that is announced.</param>
public readonly record struct UnsolicitedNeighbourAdvertisement(MacAddress Mac, Ipv6Address Source, Ipv6Address Target)
{
    /// <summary>Length of the packet in bytes: IPv6 header, message and option.</summary>
    public const int Length = NeighbourMessage.Length;

    private const byte OverrideFlag = 0x20, TargetLinkLayerAddress = 2;

    /// <summary>Destination of the packet: ff02::1, all nodes of the link (RFC 4291 section 2.7.1).</summary>
    public static Ipv6Address Destination { get; } = new(new UInt128(0xff02_0000_0000_0000, 1));

    /// <summary>Writes the packet with its checksum.</summary>
    /// <param name="packet">At least <see cref="Length"/> bytes; the first 72 are written.</param>
    /// <exception cref="ArgumentOutOfRangeException">The buffer is too short; nothing was written.</exception>
    public void Write(Span<byte> packet) => NeighbourMessage.Write(
        packet, NeighbourAdvertisement.Type, OverrideFlag, Source, Destination, Target, TargetLinkLayerAddress, Mac);
}
