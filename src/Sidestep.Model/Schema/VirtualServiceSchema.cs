using System.Collections.Immutable;
using System.Net;

namespace Sidestep.Model.Schema;

/// <summary>An item of <c>virtualServices</c>.</summary>
internal static class VirtualServiceSchema
{
    public static readonly Key<string> Name = Key<string>.Mandatory("name", TextKind.Name,
        "Unique among the virtual services.");

    public static readonly Key<IPNetwork> Vip = Key<IPNetwork>.Optional("vip", new PrefixKind("a VIP"),
        "The shared address, or a prefix of them, that clients use: on the loopback of every real server, never on the "
        + "director.");

    public static readonly Key<IReadOnlyList<Located<IPNetwork>>> Vips = Key<IReadOnlyList<Located<IPNetwork>>>.Optional("vips",
        new ValueListKind<IPNetwork>("VIPs", 1, Limits.VipsOfService, new PrefixKind("a VIP")),
        "Several VIPs or prefixes, of either family, instead of vip.");

    public static readonly Key<TransportProtocol> Protocol = Key<TransportProtocol>.Mandatory("protocol",
        new ChoiceKind<TransportProtocol>(
            new("tcp", TransportProtocol.Tcp, "TCP"),
            new("udp", TransportProtocol.Udp, "UDP"),
            new("any", TransportProtocol.Any, "Every protocol and every port that no other service of the VIP takes.")),
        "The transport protocol.");

    public static readonly Key<int> Port = Key<int>.Optional("port", new IntegerKind(1, 65535),
        "The destination port; the real servers listen on the same one.");

    public static readonly Key<IReadOnlyList<Located<PortRange>>> Ports =
        Key<IReadOnlyList<Located<PortRange>>>.Optional("ports",
            new ValueListKind<PortRange>("ports", 1, Limits.PortRangesOfService, new PortRangeKind(), alone: true),
            "Several destination ports and ranges, or any, instead of port. Of overlapping services, the narrower range wins.");

    public static readonly Key<string> Pool = Key<string>.Mandatory("pool", TextKind.Name, "The name of the pool.");

    public static readonly Key<string> NetworkProfile = Key<string>.Optional("networkProfile", TextKind.Name,
        "The name of the network profile; without one, layer 3 with IP-in-IP.");

    public static readonly Key<string> AccessList = Key<string>.Optional("accessList", TextKind.Name,
        "The name of the access list of source addresses; without one, everybody.");

    public static readonly Key<bool> Enabled = Key<bool>.WithDefault("enabled", new BooleanKind(), true,
        "false: the director treats the service as absent.");

    public static readonly Key<bool> TrafficEnabled = Key<bool>.WithDefault("trafficEnabled", new BooleanKind(), true,
        "false: packets that arrive are forwarded, but the director does not answer ARP, neighbour solicitation or ping for "
        + "the VIPs.");

    public static readonly MappingKind Kind = new("a virtual service", "VIPs, a protocol and ports, served by a pool.",
        Name, Vip, Vips, Protocol, Port, Ports, Pool, NetworkProfile, AccessList, Enabled, TrafficEnabled)
    {
        AlternativeKeys =
        [
            new(Vip, Vips),
            // Where the protocol could not be read, nothing is known of its ports.
            new(Port, Ports, s => s.Find(Protocol) is { Value: TransportProtocol.Any }),
        ],
    };

    public static VirtualService Build(BoundMapping m) => new()
    {
        Name = m.Value(Name),
        Vips = [.. VipsOf(m).Select(v => v.Value)],
        Protocol = m.Value(Protocol),
        Ports = PortsOf(m),
        Pool = m.Value(Pool),
        NetworkProfile = m.Find(NetworkProfile)?.Value,
        AccessList = m.Find(AccessList)?.Value,
        Enabled = m.Value(Enabled),
        TrafficEnabled = m.Value(TrafficEnabled),
    };

    /// <summary>What vip or vips say.</summary>
    public static IReadOnlyList<Located<IPNetwork>> VipsOf(BoundMapping m) =>
        m.Find(Vip) is { } vip ? [vip] : m.Find(Vips)?.Value ?? [];

    /// <summary>What port or ports say, ascending; every port when neither is there and the protocol is any.</summary>
    public static ImmutableArray<PortRange> PortsOf(BoundMapping m)
    {
        if (m.Find(Port) is { } port)
            return [PortRange.One(port.Value)];
        if (m.Find(Ports) is { } ports)
            return [.. ports.Value.Select(p => p.Value).Order(Comparer<PortRange>.Create((a, b) => a.First.CompareTo(b.First)))];
        return m.Find(Protocol) is { Value: TransportProtocol.Any } ? [PortRange.Any] : [];
    }
}
