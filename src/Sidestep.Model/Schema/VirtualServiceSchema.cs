using System.Net;

namespace Sidestep.Model.Schema;

/// <summary>An item of <c>virtualServices</c>.</summary>
internal static class VirtualServiceSchema
{
    public static readonly Key<string> Name = Key<string>.Mandatory("name", TextKind.Name,
        "Unique among the virtual services.");

    public static readonly Key<IPAddress> Vip = Key<IPAddress>.Mandatory("vip", new AddressKind("a VIP"),
        "The shared IPv4 address that clients use: on the loopback of every real server, never on the director.");

    public static readonly Key<TransportProtocol> Protocol = Key<TransportProtocol>.Mandatory("protocol",
        new ChoiceKind<TransportProtocol>(
            new("tcp", TransportProtocol.Tcp, "TCP"),
            new("udp", TransportProtocol.Udp, "UDP")),
        "The transport protocol.");

    public static readonly Key<int> Port = Key<int>.Mandatory("port", new NumberKind(1, 65535),
        "The destination port; the real servers listen on the same one.");

    public static readonly Key<string> Pool = Key<string>.Mandatory("pool", TextKind.Name, "The name of the pool.");

    public static readonly Key<string> NetworkProfile = Key<string>.Optional("networkProfile", TextKind.Name,
        "The name of the network profile; without one, layer 3 with IP-in-IP.");

    public static readonly Key<bool> Enabled = Key<bool>.WithDefault("enabled", new FlagKind(), true,
        "false: the director treats the service as absent.");

    public static readonly Key<bool> TrafficEnabled = Key<bool>.WithDefault("trafficEnabled", new FlagKind(), true,
        "false: packets that arrive are forwarded, but the director does not answer ARP or ping for the VIP.");

    public static readonly MappingKind Kind = new("a virtual service", "A VIP, protocol and port, served by a pool.",
        Name, Vip, Protocol, Port, Pool, NetworkProfile, Enabled, TrafficEnabled);

    public static VirtualService Build(BoundMapping m) => new()
    {
        Name = m.Value(Name),
        Vips = [new IPNetwork(m.Value(Vip), 32)],
        Protocol = m.Value(Protocol),
        Ports = [PortRange.One(m.Value(Port))],
        Pool = m.Value(Pool),
        NetworkProfile = m.Find(NetworkProfile)?.Value,
        Enabled = m.Value(Enabled),
        TrafficEnabled = m.Value(TrafficEnabled),
    };
}
