using System.Net;
using Sidestep.Model;

namespace Sidestep.UnitTests.Model;

/// <summary>Which VIPs and ports the monitors of a pool probe.</summary>
public sealed class ProbeTargetsTests
{
    private static readonly HealthMonitor Tcp = new() { Name = "t", Type = MonitorType.Tcp };

    [Theory]
    [InlineData(MonitorType.Tcp, null, TransportProtocol.Tcp, 80, 80)]
    [InlineData(MonitorType.Http, null, TransportProtocol.Tcp, 80, 80)]
    [InlineData(MonitorType.Https, null, TransportProtocol.Udp, 80, null)]
    [InlineData(MonitorType.Udp, null, TransportProtocol.Udp, 53, 53)]
    [InlineData(MonitorType.Dns, null, TransportProtocol.Tcp, 53, null)]
    [InlineData(MonitorType.Tcp, null, TransportProtocol.Any, 0, null)]
    [InlineData(MonitorType.Tcp, 81, TransportProtocol.Any, 0, 81)]
    [InlineData(MonitorType.Http, 8080, TransportProtocol.Udp, 53, 8080)]
    [InlineData(MonitorType.Icmp, 81, TransportProtocol.Tcp, 80, 0)]
    [InlineData(MonitorType.Command, null, TransportProtocol.Udp, 53, 53)]
    [InlineData(MonitorType.Command, 81, TransportProtocol.Udp, 53, 81)]
    public void Port_is_the_monitors_own_or_the_first_of_a_suitable_service(
        MonitorType type, int? own, TransportProtocol protocol, int first, int? expected) =>
        Assert.Equal(expected, ProbeTargets.PortFor(type, own, protocol,
            first == 0 ? [PortRange.Any] : [new PortRange((ushort)first, 9999)]));

    [Fact]
    public void Command_without_ports_has_port_0() =>
        Assert.Equal(0, ProbeTargets.PortFor(MonitorType.Command, null, TransportProtocol.Any, []));

    [Fact]
    public void Prefix_is_probed_at_its_first_host_address() =>
        Assert.Equal(["203.0.113.65:80", "[2001:db8::1]:80"], Targets("203.0.113.64/26", "2001:db8::/64"));

    [Fact]
    public void IPv4_comes_before_IPv6() =>
        Assert.Equal(["203.0.113.10:80", "[2001:db8::10]:80"], Targets("2001:db8::10/128", "203.0.113.10/32"));

    [Fact]
    public void Prefix_of_addresses_that_no_host_can_have_is_not_probed() => Assert.Empty(Targets("0.0.0.0/0", "::/0"));

    [Fact]
    public void At_most_16_targets_are_probed() =>
        Assert.Equal(16, Targets([.. Enumerable.Range(1, 20).Select(static i => $"203.0.113.{i}/32")]).Length);

    [Fact]
    public void Shared_target_of_two_services_is_probed_once()
    {
        VirtualService[] services = [Service("203.0.113.10/32"), Service("203.0.113.10/32")];
        Assert.Equal([new ProbeTarget(IPAddress.Parse("203.0.113.10"), 80)],
            ProbeTargets.Of(Pool("t"), services, static _ => Tcp).Single().Targets);
    }

    [Fact]
    public void Pool_with_an_empty_list_of_monitors_has_no_targets() =>
        Assert.Empty(ProbeTargets.Of(Pool(), [Service("203.0.113.10/32")], static _ => Tcp));

    [Fact]
    public void Named_monitor_without_a_target_is_still_there()
    {
        var target = ProbeTargets.Of(Pool("t"), [], static _ => Tcp).Single();
        Assert.Equal("t", target.Monitor.Name);
        Assert.Empty(target.Targets);
    }

    private static string[] Targets(params string[] vips) =>
        [.. ProbeTargets.Of(Pool("t"), [Service(vips)], static _ => Tcp).Single().Targets
            .Select(static t => new IPEndPoint(t.Address, t.Port).ToString())];

    private static Pool Pool(params string[] monitors) => new() { Name = "web", Monitors = [.. monitors] };

    private static VirtualService Service(params string[] vips) => new()
    {
        Name = "www",
        Vips = [.. vips.Select(static v => IPNetwork.Parse(v))],
        Protocol = TransportProtocol.Tcp,
        Ports = [PortRange.One(80)],
        Pool = "web",
    };
}
