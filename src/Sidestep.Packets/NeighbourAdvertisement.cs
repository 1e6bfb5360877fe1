namespace Sidestep.Packets;

/// <summary>A read-only view of a neighbour advertisement, by which a host announces the Ethernet address of an IPv6
/// address (RFC 4861 section 4.4).</summary>
public readonly ref struct NeighbourAdvertisement
{
    /// <summary>ICMPv6 type of a neighbour advertisement.</summary>
    public const byte Type = 136;

    /// <summary>Hop limit of every Neighbour Discovery message: it proves that no router has forwarded the message (RFC
    /// 4861 section 11.2).</summary>
    internal const byte HopLimit = 255;

    private const int MessageLength = 24, Unit = 8;
    private const byte SolicitedFlag = 0x40, OverrideFlag = 0x20, TargetLinkLayerAddress = 2;

    private readonly ReadOnlySpan<byte> _message;

    private NeighbourAdvertisement(ReadOnlySpan<byte> message, MacAddress? targetMac)
    {
        _message = message;
        TargetMac = targetMac;
    }

    /// <summary>The S flag: the advertisement answers a solicitation.</summary>
    public bool IsSolicited => (_message[4] & SolicitedFlag) != 0;

    /// <summary>The O flag: the advertisement replaces an entry of the receiver's neighbour table. Proxies leave it
    /// unset, and so do hosts with anycast addresses.</summary>
    public bool IsOverride => (_message[4] & OverrideFlag) != 0;

    /// <summary>The IPv6 address that is announced.</summary>
    public Ipv6Address Target => Ipv6Address.Read(_message[8..]);

    /// <summary>The Ethernet address of <see cref="Target"/>; null without a target link-layer address
    /// option.</summary>
    public MacAddress? TargetMac { get; }

    /// <summary>Checks the bytes and creates the view. After true, no accessor throws.</summary>
    /// <param name="packet">The packet from the IPv6 header on; padding may follow.</param>
    /// <param name="advertisement">The view; meaningless when the result is false.</param>
    /// <returns>False when the packet is not a neighbour advertisement, or breaks a rule of RFC 4861 section
    /// 7.1.2.</returns>
    public static bool TryParse(ReadOnlySpan<byte> packet, out NeighbourAdvertisement advertisement)
    {
        advertisement = default;
        if (!Ipv6Packet.TryParse(packet, out var ip) || ip.NextHeader != IpProtocol.Ipv6Icmp || ip.HopLimit != HopLimit
            || ip.Payload.Length < MessageLength)
            return false;
        var message = ip.Payload;
        var sum = InternetChecksum.SumPseudoHeader(ip.Source, ip.Destination, IpProtocol.Ipv6Icmp, message.Length);
        if (message[0] != Type || message[1] != 0 || InternetChecksum.Finish(InternetChecksum.Sum(message, sum)) != 0
            || !TryReadOptions(message[MessageLength..], out var mac))
            return false;
        advertisement = new NeighbourAdvertisement(message, mac);
        return !advertisement.Target.IsMulticast
            && !(advertisement.IsSolicited && ip.Destination.IsMulticast);
    }

    /// <summary>Reads the options. An option of length 0 makes the packet invalid (RFC 4861 section 4.6).</summary>
    private static bool TryReadOptions(ReadOnlySpan<byte> options, out MacAddress? targetMac)
    {
        targetMac = null;
        while (!options.IsEmpty)
        {
            var length = options.Length < Unit ? 0 : options[1] * Unit;
            if (length == 0 || length > options.Length)
                return false;
            if (options[0] == TargetLinkLayerAddress && length == Unit)
                targetMac = MacAddress.Read(options[2..]);
            options = options[length..];
        }
        return true;
    }
}
