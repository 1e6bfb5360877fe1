using System.Net.Sockets;
using Sidestep.Packets;

namespace Sidestep.Model;

/// <summary>How a packet is changed for its real server.</summary>
public enum ForwardingMode
{
    /// <summary>Layer 2: new Ethernet addresses, no outer header.</summary>
    L2,

    /// <summary>IP-in-IP, protocols 4 and 41 (RFC 2003, RFC 2473, RFC 4213).</summary>
    IpIp,

    /// <summary>Generic Routing Encapsulation without options (RFC 2784).</summary>
    Gre,

    /// <summary>Generic UDP Encapsulation, variant 0 (draft-ietf-intarea-gue).</summary>
    Gue,
}

/// <summary>What follows from a forwarding mode.</summary>
public static class ForwardingModes
{
    private const int GreBytes = 4, GueBytes = 4;

    /// <summary>The mode of an encapsulation at layer 3.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The encapsulation has no such value.</exception>
    public static ForwardingMode ToMode(this Encapsulation encapsulation) => encapsulation switch
    {
        Encapsulation.IpIp => ForwardingMode.IpIp,
        Encapsulation.Gre => ForwardingMode.Gre,
        Encapsulation.Gue => ForwardingMode.Gue,
        _ => throw new ArgumentOutOfRangeException(nameof(encapsulation), encapsulation, null),
    };

    /// <summary>Length of the outer headers in front of an inner datagram, in bytes: 0 at layer 2.</summary>
    /// <param name="mode">The mode.</param>
    /// <param name="outer">Address family of the outer IP header, which is that of the server's address.</param>
    /// <exception cref="ArgumentOutOfRangeException">The mode has no such value.</exception>
    public static int OverheadBytes(this ForwardingMode mode, AddressFamily outer)
    {
        var ip = outer == AddressFamily.InterNetworkV6 ? Ipv6Header.Length : Ipv4Header.Length;
        return mode switch
        {
            ForwardingMode.L2 => 0,
            ForwardingMode.IpIp => ip,
            ForwardingMode.Gre => ip + GreBytes,
            ForwardingMode.Gue => ip + UdpPacket.HeaderLength + GueBytes,
            _ => throw new ArgumentOutOfRangeException(nameof(mode), mode, null),
        };
    }
}
