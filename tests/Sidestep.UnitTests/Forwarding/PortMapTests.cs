using System.Collections.Immutable;
using System.Net;
using FsCheck;
using FsCheck.Fluent;
using Sidestep.Forwarding;
using Sidestep.Model;
using Sidestep.Packets;
using Sidestep.UnitTests.Packets;

namespace Sidestep.UnitTests.Forwarding;

public sealed class PortMapTests
{
    private static readonly IPNetwork Vip = IPNetwork.Parse("198.51.100.10/32");
    private static readonly IPNetwork Other = IPNetwork.Parse("2001:db8:100::/64");
    private static readonly GroupKey Group = new(PoolKey.InDefault("web"), Encap.Layer2);

    [Fact]
    public void Single_port_beats_range_beats_any_port_beats_any_protocol()
    {
        var ports = MapOf(
            Service("all", TransportProtocol.Any, PortRange.Any), Service("any", TransportProtocol.Tcp, PortRange.Any),
            Service("range", TransportProtocol.Tcp, new PortRange(8000, 8099)),
            Service("one", TransportProtocol.Tcp, PortRange.One(8080)));
        // Indexes of services, which are sorted by name: all, any, one, range.
        Assert.Equal(
            [(0, 0x05ffff, 0), (0x060000, 0x061f3f, 1), (0x061f40, 0x061f8f, 3), (0x061f90, 0x061f90, 2),
            (0x061f91, 0x061fa3, 3),
                (0x061fa4, 0x06ffff, 1), (0x070000, 0xffffff, 0)],
            ports.Intervals.Select(static i => (i.First, i.Last, i.Service)));
    }

    [Fact]
    public void Shorter_of_two_overlapping_ranges_wins()
    {
        var ports = MapOf(Service("a", TransportProtocol.Udp, new PortRange(10, 30)),
            Service("b", TransportProtocol.Udp, new PortRange(25, 40)));
        Assert.Equal([0, 1, 1, null], new[] { 24, 25, 40, 41 }.Select(p => ports.Find(17, p)));
        Assert.Null(ports.Find(6, 24));
    }

    [Fact]
    public void VIP_has_only_its_own_services()
    {
        var tables = TablesOf(
            Service("both", TransportProtocol.Tcp, PortRange.One(80)) with { Vips = [Vip, Other] },
            Service("six", TransportProtocol.Tcp, PortRange.One(81)) with { Vips = [Other] });
        var map = PortMap.Of(tables);
        Assert.Equal([0, null], new[] { 80, 81 }.Select(p => map.Vips[0].Find(6, p)));
        Assert.Equal([0, 1], new[] { 80, 81 }.Select(p => map.Vips[1].Find(6, p)));
    }

    [Fact]
    public void Port_map_agrees_with_a_naive_look_up() => Gens.Check(Services, static services =>
    {
        var ports = MapOf([.. services]);
        var edges = ports.Intervals.SelectMany(static i => new[] { i.First - 1, i.First, i.Last, i.Last + 1 })
            .Concat(services.SelectMany(static s => s.Ports
            .SelectMany(
            p => new[] { Number(s, p.First), Number(s, p.Last), Number(s, p.First) - 1, Number(s, p.Last) + 1 })));
        return edges.Where(static n => n is >= 0 and <= PortMap.MaxKey)
            .All(n => ports.Find(n >> 16, n & 0xffff) == Naive(services, n));
    }, 500);

    [Fact]
    public void Intervals_are_ascending_disjoint_and_minimal() => Gens.Check(Services, static services =>
    {
        var intervals = MapOf([.. services]).Intervals;
        return intervals.All(static i => i.First <= i.Last)
            && intervals.Zip(intervals.Skip(1)).All(static p => p.First.Last < p.Second.First
                && (p.First.Last + 1 < p.Second.First || p.First.Service != p.Second.Service));
    }, 500);

    [Fact]
    public void Fragments_need_no_tracking_where_ports_make_no_difference()
    {
        var a = Service("a", TransportProtocol.Tcp, PortRange.One(80));
        var b = Service("b", TransportProtocol.Tcp, PortRange.One(81));
        Assert.Equal((0, null), Fragments(a, b));
        Assert.Equal((null, null),
            Fragments(a, b with { Group = new GroupKey(PoolKey.InDefault("other"), Encap.Layer2) }));
        Assert.Equal((null, null), Fragments(a, b with { Algorithm = Algorithm.RoundRobin }));
        Assert.Equal((null, null), Fragments(a with { HashFields = HashFields.FiveTuple }, b));
        Assert.Equal((null, null), Fragments(a, b with { Persistence = new Persistence(60) }));
        Assert.Equal((null, null), Fragments(a, b with { AccessList = new AccessList { Name = "some" } }));
        Assert.Equal(
            (0, 1), Fragments(
            a, b with { Protocol = TransportProtocol.Udp, AccessList = new AccessList { Name = "some" } }));
        Assert.Equal((0, 0), Fragments(Service("all", TransportProtocol.Any, PortRange.Any)));
        Assert.Equal(
            (null, 0), Fragments(Service("all", TransportProtocol.Any, PortRange.Any),
            b with { HashFields = HashFields.FiveTuple }));
    }

    [Fact]
    public void Fragments_of_SCTP_follow_its_own_services_and_those_of_UDPLite_and_DCCP_the_service_on_every_protocol()
    {
        var all = Service("all", TransportProtocol.Any, PortRange.Any);
        var sctp = Service("sctp", TransportProtocol.Sctp, PortRange.One(3868));
        var ports = MapOf(all, sctp with { AccessList = new AccessList { Name = "some" } });
        Assert.Equal(new PortsOfProtocol(true, null), ports.Of(IpProtocol.Sctp));
        Assert.Equal(new PortsOfProtocol(true, 0), ports.Of(IpProtocol.UdpLite));
        Assert.Equal(new PortsOfProtocol(true, 0), ports.Of(IpProtocol.Dccp));
        ports = MapOf(sctp);
        Assert.Equal(new PortsOfProtocol(true, 0), ports.Of(IpProtocol.Sctp));
        Assert.Equal(new PortsOfProtocol(false, null), ports.Of(IpProtocol.Dccp));
        Assert.Equal(new PortsOfProtocol(false, null), ports.Of(IpProtocol.Udp));
    }

    /// <summary>Services of one VIP with few ports and protocols, so that they overlap.</summary>
    private static Gen<ImmutableArray<ServiceEntry>> Services =>
        from count in Gen.Choose(1, 12)
        from services in Gen.ArrayOf(
            from protocol in Gen.Elements(TransportProtocol.Tcp, TransportProtocol.Udp, TransportProtocol.Any)
            from first in Gen.Choose(1, 40)
            from length in Gen.Elements(0, 0, 1, 5, 30)
            from any in Gen.Choose(0, 4)
            select (protocol, any == 0 || protocol == TransportProtocol.Any
                ? PortRange.Any : new PortRange((ushort)first, (ushort)(first + length))), count)
        select services.Select(static (s, i) => Service($"s{i:00}", s.protocol, s.Item2)).ToImmutableArray();

    private static int? Naive(ImmutableArray<ServiceEntry> services, int number)
    {
        var covering = services.SelectMany(
            static (s, i) => s.Ports.Select(
            p => (Index: i, First: Number(s, p.First),
            Last: s.Protocol == TransportProtocol.Any ? PortMap.MaxKey : Number(s, p.Last))))
            .Where(c => c.First <= number && number <= c.Last).OrderBy(static c => c.Last - c.First)
            .ThenBy(static c => c.Index).ToArray();
        return covering.Length == 0 ? null : covering[0].Index;
    }

    private static int Number(ServiceEntry service, int port) => PortMap.Key((int)service.Protocol, port);

    private static (int? Tcp, int? Udp) Fragments(params ServiceEntry[] services)
    {
        var ports = MapOf(services);
        return (ports.Of(IpProtocol.Tcp).Fragments, ports.Of(IpProtocol.Udp).Fragments);
    }

    private static VipPorts MapOf(params ServiceEntry[] services) => PortMap.Of(TablesOf(services)).Vips.Single();

    private static ForwardingTables TablesOf(params ServiceEntry[] services) => new()
    {
        HashKey = default,
        Interfaces = [],
        Vips = [.. services.SelectMany(static s => s.Vips).Distinct()
        .Select(static v => new VipEntry(v, true, EchoAction.Reply))],
        Services = [.. services.OrderBy(static s => s.Key.Name, StringComparer.Ordinal)],
        Groups = [],
    };

    private static ServiceEntry Service(string name, TransportProtocol protocol, PortRange ports) =>
        new() { Key = ServiceKey.InDefault(name), Vips = [Vip], Protocol = protocol, Ports = [ports], Group = Group };
}
