using System.Collections.Immutable;
using System.Net;
using Sidestep.Model.Documents;

namespace Sidestep.Model.Schema;

/// <summary>The schema of an item of <c>virtualServices</c>.</summary>
internal static class VirtualServiceSchema
{
    public static readonly Key<string> Name = Key<string>.Mandatory("name", TextKind.Name,
        "Unique among the virtual services.");

    public static readonly Key<IPNetwork> Vip = Key<IPNetwork>.Optional("vip", new PrefixKind("a VIP"),
        "The shared address, or a prefix of addresses, that clients connect to. It is on the loopback interface of "
        + "every real server, never on the director.");

    public static readonly Key<IReadOnlyList<Located<IPNetwork>>> Vips =
        Key<IReadOnlyList<Located<IPNetwork>>>.Optional("vips",
            new ValueListKind<IPNetwork>("VIPs", 1, Limits.VipsOfService, new PrefixKind("a VIP")),
            "Several VIPs or prefixes of either family, instead of vip.");

    public static readonly Key<TransportProtocol> Protocol = Key<TransportProtocol>.Mandatory("protocol",
        new ChoiceKind<TransportProtocol>(
            new("tcp", TransportProtocol.Tcp, "TCP"),
            new("udp", TransportProtocol.Udp, "UDP"),
            new("sctp", TransportProtocol.Sctp, "SCTP"),
            new("any", TransportProtocol.Any, "Every protocol and port that no other service of the VIP has.")),
        "The transport protocol of the service.");

    public static readonly Key<int> Port = Key<int>.Optional("port", new IntegerKind(1, 65535),
        "The destination port; the real servers listen on the same port.");

    public static readonly Key<IReadOnlyList<Located<PortRange>>> Ports =
        Key<IReadOnlyList<Located<PortRange>>>.Optional("ports",
            new ValueListKind<PortRange>("ports", 1, Limits.PortRangesOfService, new PortRangeKind(), alone: true),
            "Several destination ports and ranges, or any, instead of port. Among overlapping ranges the narrowest "
            + "wins.");

    public static readonly Key<string> Pool = Key<string>
        .Mandatory("pool", TextKind.Name, "Name of the pool that serves it.");

    public static readonly Key<string> NetworkProfile = Key<string>.Optional("networkProfile", TextKind.Name,
        "Name of the network profile; without one, layer 3 with IP-in-IP.");

    public static readonly Key<string> AccessList = Key<string>.Optional("accessList", TextKind.Name,
        "Name of the access list of source addresses; without one, every source may use the service.");

    public static readonly Key<bool> OncePerDatagram = Key<bool>.WithDefault(
        "oncePerDatagram", new BooleanKind(), false,
        "true: each datagram goes to a server by itself, by the weights of the pool. Only with protocol udp.");

    public static readonly Key<RejectPolicy> OnNoServer = Key<RejectPolicy>.WithDefault("onNoServer",
        RejectSchema.Kind, RejectPolicy.Drop,
        "What the sender of a new flow gets while the service has no server for it.");

    public static readonly Key<bool> Enabled = Key<bool>.WithDefault("enabled", new BooleanKind(), true,
        "false: the director ignores the service as if it were not in the file.");

    public static readonly Key<bool> TrafficEnabled = Key<bool>.WithDefault("trafficEnabled", new BooleanKind(), true,
        "false: the director forwards packets that arrive, but does not reply to ARP, neighbour solicitation or ping "
        + "for the VIPs.");

    public static readonly MappingKind Kind = new("a virtual service", "VIPs, a protocol and ports, served by a pool.",
        Name, Vip, Vips, Protocol, Port, Ports, Pool, NetworkProfile, AccessList, OncePerDatagram, OnNoServer,
        Enabled, TrafficEnabled, MetadataSchema.Labels, MetadataSchema.Annotations)
    {
        AlternativeKeys =
        [
            new(Vip, Vips),
            // Without a readable protocol, it is unknown whether the service needs ports.
            new(Port, Ports, s => s.Find(Protocol) is { Value: TransportProtocol.Any }),
        ],
    };

    /// <summary>The mapping as it is written.</summary>
    public static MappingNode Write(VirtualService service) => MappingNode.Of(
        Name.Write(service.Name),
        service.Vips is [var vip] ? Vip.Write(vip) : Vips.WriteValues(service.Vips),
        Protocol.Write(service.Protocol),
        WritePorts(service),
        Pool.Write(service.Pool),
        NetworkProfile.Write(service.NetworkProfile),
        AccessList.Write(service.AccessList),
        OncePerDatagram.Write(service.OncePerDatagram),
        OnNoServer.Write(service.OnNoServer),
        Enabled.Write(service.Enabled),
        TrafficEnabled.Write(service.TrafficEnabled),
        MetadataSchema.WriteLabels(service.Metadata),
        MetadataSchema.WriteAnnotations(service.Metadata));

    public static VirtualService Build(BoundMapping m) => new()
    {
        Name = m.Value(Name),
        Metadata = MetadataSchema.Build(m),
        Vips = [.. VipsOf(m).Select(v => v.Value)],
        Protocol = m.Value(Protocol),
        Ports = PortsOf(m),
        Pool = m.Value(Pool),
        NetworkProfile = m.Find(NetworkProfile)?.Value,
        AccessList = m.Find(AccessList)?.Value,
        OncePerDatagram = m.Value(OncePerDatagram),
        OnNoServer = m.Value(OnNoServer),
        Enabled = m.Value(Enabled),
        TrafficEnabled = m.Value(TrafficEnabled),
    };

    // Every port is the meaning of protocol any, which has no ports to write.
    private static MappingEntry? WritePorts(VirtualService service) => service.Ports switch
    {
        [var all] when all == PortRange.Any && service.Protocol == TransportProtocol.Any => null,
        [{ First: var first, Last: var last }] when first == last => Port.Write(first),
        _ => Ports.WriteValues(service.Ports),
    };

    /// <summary>The VIPs of <c>vip</c> or <c>vips</c>, with their locations.</summary>
    public static IReadOnlyList<Located<IPNetwork>> VipsOf(BoundMapping m) =>
        m.Find(Vip) is { } vip ? [vip] : m.Find(Vips)?.Value ?? [];

    /// <summary>The ranges of <c>port</c> or <c>ports</c>, ascending; every port when both keys are absent and the
    /// protocol is any.</summary>
    public static ImmutableArray<PortRange> PortsOf(BoundMapping m)
    {
        if (m.Find(Port) is { } port)
            return [PortRange.One(port.Value)];
        if (m.Find(Ports) is { } ports)
            return [.. ports.Value.Select(p => p.Value).OrderBy(p => p.First)];
        return m.Find(Protocol) is { Value: TransportProtocol.Any } ? [PortRange.Any] : [];
    }
}
