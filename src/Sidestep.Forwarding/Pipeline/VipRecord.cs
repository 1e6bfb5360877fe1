namespace Sidestep.Forwarding.Pipeline;

/// <summary>A VIP or VIP prefix as packets see it.</summary>
/// <param name="Entry">What the tables say.</param>
/// <param name="Ports">Who takes which packets.</param>
/// <param name="Services">Of each interval of ports.</param>
/// <param name="TcpFragments">Whom later fragments of TCP follow without memory; null: by memory.</param>
/// <param name="UdpFragments">The same for UDP.</param>
/// <param name="Echo">Whose servers get echo requests; null: nobody's.</param>
/// <param name="HasTcp">Some service takes TCP.</param>
/// <param name="HasUdp">Some service takes UDP.</param>
internal sealed record VipRecord(
    VipEntry Entry, VipPorts Ports, ServiceRecord[] Services, ServiceRecord? TcpFragments, ServiceRecord? UdpFragments, ServiceRecord? Echo, bool HasTcp, bool HasUdp)
{
    /// <summary>Who takes packets of a protocol to a port; null: nobody.</summary>
    internal ServiceRecord? Service(int protocol, int port)
    {
        var found = Ports.IndexOf(protocol, port);
        return found < 0 ? null : Services[found];
    }

    /// <summary>Whom later fragments follow without memory.</summary>
    internal ServiceRecord? Fragments(int protocol) => protocol == Parse.Udp ? UdpFragments : TcpFragments;

    /// <summary>Whether some service takes the protocol, which has ports.</summary>
    internal bool Has(int protocol) => protocol == Parse.Udp ? HasUdp : HasTcp;
}
