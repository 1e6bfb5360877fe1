using Sidestep.Api;

namespace Sidestep.Agent.Input;

/// <summary>Sizes of outer headers, and what they leave for TCP.</summary>
internal static class OuterHeaders
{
    private const int Ipv4 = 20, Ipv6 = 40, Tcp = 20, GueAndUdp = 12, Gre = 4;

    /// <summary>Bytes of the outer headers. An encapsulation other than <c>gue</c> and <c>gre</c> is
    /// IP-in-IP.</summary>
    public static int Bytes(string? encapsulation, bool outerIPv6) => (outerIPv6 ? Ipv6 : Ipv4)
        + encapsulation switch { "gue" => GueAndUdp, "gre" => Gre, _ => 0 };

    /// <summary>The MSS that fits: without IP and TCP options, as the MSS is defined (RFC 6691 section 2).</summary>
    /// <param name="mtu">Largest outer datagram, bytes.</param>
    /// <param name="overhead">Size of the outer headers, bytes.</param>
    public static PathMtu PathMtuOf(int mtu, int overhead) =>
        new(mtu, overhead, mtu - overhead - Ipv4 - Tcp, mtu - overhead - Ipv6 - Tcp);
}
