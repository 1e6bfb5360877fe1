namespace Sidestep.Packets;

/// <summary>Protocol of an IP payload (IANA protocol numbers).</summary>
/// <remarks>The product distinguishes only the values listed here; a packet may hold any other.</remarks>
public enum IpProtocol : byte
{
    /// <summary>Internet Control Message Protocol for IPv4, RFC 792.</summary>
    Icmp = 1,

    /// <summary>An IPv4 datagram within an IPv4 datagram, RFC 2003 section 3.</summary>
    IpIp = 4,

    /// <summary>Transmission Control Protocol, RFC 9293.</summary>
    Tcp = 6,

    /// <summary>User Datagram Protocol, RFC 768.</summary>
    Udp = 17,

    /// <summary>Internet Control Message Protocol for IPv6, RFC 4443.</summary>
    IcmpV6 = 58,
}
