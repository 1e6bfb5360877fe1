namespace Sidestep.Packets;

/// <summary>Protocol of an IP payload (IANA protocol numbers).</summary>
/// <remarks>The product distinguishes only the values listed here; a packet may hold any other.</remarks>
public enum IpProtocol : byte
{
    /// <summary>ICMP for IPv4, RFC 792.</summary>
    Icmp = 1,

    /// <summary>IPv4 in IPv4, RFC 2003.</summary>
    IpIp = 4,

    /// <summary>TCP, RFC 9293.</summary>
    Tcp = 6,

    /// <summary>UDP, RFC 768.</summary>
    Udp = 17,

    /// <summary>ICMP for IPv6, RFC 4443.</summary>
    IcmpV6 = 58,
}
