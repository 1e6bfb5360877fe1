namespace Sidestep.Packets;

/// <summary>Protocol of an IP payload, or type of an IPv6 extension header: the IANA registry of protocol numbers, by
/// its keywords.</summary>
/// <remarks>The product distinguishes only the values listed here; a packet may hold any other.</remarks>
public enum IpProtocol : byte
{
    /// <summary>IPv6 hop-by-hop options, RFC 8200 section 4.3.</summary>
    HopOpt = 0,

    /// <summary>Internet Control Message Protocol for IPv4, RFC 792.</summary>
    Icmp = 1,

    /// <summary>An IPv4 packet (IP-in-IP), RFC 2003 section 3 and RFC 2473 section 3.</summary>
    Ipv4 = 4,

    /// <summary>Transmission Control Protocol, RFC 9293.</summary>
    Tcp = 6,

    /// <summary>User Datagram Protocol, RFC 768.</summary>
    Udp = 17,

    /// <summary>Datagram Congestion Control Protocol, RFC 4340.</summary>
    Dccp = 33,

    /// <summary>An IPv6 packet (IP-in-IP), RFC 2473 section 3 and RFC 4213 section 3.</summary>
    Ipv6 = 41,

    /// <summary>IPv6 routing header, RFC 8200 section 4.4.</summary>
    Ipv6Route = 43,

    /// <summary>IPv6 fragment header, RFC 8200 section 4.5.</summary>
    Ipv6Frag = 44,

    /// <summary>Generic Routing Encapsulation, RFC 2784.</summary>
    Gre = 47,

    /// <summary>IP authentication header, RFC 4302.</summary>
    Ah = 51,

    /// <summary>Internet Control Message Protocol for IPv6, RFC 4443.</summary>
    Ipv6Icmp = 58,

    /// <summary>IPv6 destination options, RFC 8200 section 4.6.</summary>
    Ipv6Opts = 60,

    /// <summary>Stream Control Transmission Protocol, RFC 9260.</summary>
    Sctp = 132,

    /// <summary>Lightweight User Datagram Protocol, RFC 3828.</summary>
    UdpLite = 136,
}
