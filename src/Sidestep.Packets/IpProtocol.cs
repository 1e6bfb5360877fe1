namespace Sidestep.Packets;

/// <summary>What an IP packet carries (IANA protocol numbers).</summary>
/// <remarks>The values named here are those that the product tells apart; a packet may hold any other.</remarks>
public enum IpProtocol : byte
{
    /// <summary>RFC 792.</summary>
    Icmp = 1,

    /// <summary>IPv4 in IPv4, RFC 2003.</summary>
    IpIp = 4,

    /// <summary>RFC 9293.</summary>
    Tcp = 6,

    /// <summary>RFC 768.</summary>
    Udp = 17,

    /// <summary>RFC 4443.</summary>
    IcmpV6 = 58,
}
