using Sidestep.Api;

namespace Sidestep.Agent.Input;

/// <summary>What outer headers take from a packet.</summary>
internal static class OuterHeaders
{
    private const int Ipv4 = 20, Ipv6 = 40, Tcp = 20, GueAndUdp = 12, Gre = 4;

    public static int Bytes(string? encapsulation, bool outerIPv6) => (outerIPv6 ? Ipv6 : Ipv4)
        + encapsulation switch { "gue" => GueAndUdp, "gre" => Gre, _ => 0 };

    /// <summary>How much payload TCP gets through (RFC 6691): without options, as an MSS is understood.</summary>
    public static PathMtu PathMtuOf(int mtu, int overhead) => new(mtu, overhead, mtu - overhead - Ipv4 - Tcp, mtu - overhead - Ipv6 - Tcp);
}
