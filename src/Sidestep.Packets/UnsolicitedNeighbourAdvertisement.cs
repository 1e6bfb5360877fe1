namespace Sidestep.Packets;

/// <summary>An unsolicited neighbour advertisement, to be sent to all: an IPv6 address is here now (RFC 4861 section 7.2.6).</summary>
/// <param name="Mac">Where the address is.</param>
/// <param name="Source">An address of the sender on the link.</param>
/// <param name="Target">The address that it is about.</param>
public readonly record struct UnsolicitedNeighbourAdvertisement(MacAddress Mac, Ipv6Address Source, Ipv6Address Target)
{
    /// <summary>Bytes of the packet: IPv6 header, message, option.</summary>
    public const int Length = NeighbourMessage.Length;

    private const byte OverrideFlag = 0x20, TargetLinkLayerAddress = 2;

    /// <summary>All nodes of the link (RFC 4291 section 2.7.1).</summary>
    public static Ipv6Address Destination { get; } = new(new UInt128(0xff02_0000_0000_0000, 1));

    /// <summary>Writes the packet with its checksum.</summary>
    /// <param name="packet">At least <see cref="Length"/> bytes; the first 72 are written.</param>
    /// <exception cref="ArgumentOutOfRangeException">The target is too short; nothing was written.</exception>
    public void Write(Span<byte> packet) => NeighbourMessage.Write(
        packet, NeighbourAdvertisement.Type, OverrideFlag, Source, Destination, Target, TargetLinkLayerAddress, Mac);
}
