using System.Net;
using Sidestep.Daemon.Doctor;
using Sidestep.Forwarding;
using Sidestep.Model;

namespace Sidestep.UnitTests.Daemon.Doctor;

public sealed class CheckedServersTests
{
    [Fact]
    public void Every_server_is_listed_with_its_VIPs_and_ports()
    {
        var servers = Of(TestDirector.Configuration);
        Assert.Equal(["web1", "web2", "dns1"], servers.Select(static s => s.Server.Name));
        Assert.Equal([("www", "web", "203.0.113.10", 80), ("www", "web", "2001:db8:113::10", 80)],
            servers[0].Services.Select(static s =>
            (s.Evidence.Name, s.Evidence.Pool, s.Evidence.Vip.ToString(), s.Evidence.Port)));
        var dns = Assert.Single(servers[2].Services).Evidence;
        Assert.Equal((TransportProtocol.Udp, 53, new Encap(ForwardingMode.Gue, 6081)),
            (dns.Protocol, dns.Port, dns.Encap));
        Assert.Equal(new Sidestep.Api.PathMtu(1500, 32, 1428, 1408), dns.PathMtu);
    }

    [Theory]
    [InlineData("state: draining", true)]
    [InlineData("weight: 0", true)]
    [InlineData("state: enabled", true)]
    [InlineData("state: disabled", false)]
    public void Disabled_server_alone_is_not_checked(string key, bool isChecked)
    {
        var servers = Of(TestDirector.With("name: web1,", $"name: web1, {key},"));
        Assert.Equal(isChecked, servers.Any(static s => s.Server.Name == "web1"));
    }

    [Fact]
    public void Range_of_ports_has_no_port_to_probe_and_a_prefix_its_first_host()
    {
        var evidence =
            Of(TestDirector.With("vip: 203.0.113.53, protocol: udp, port: 53",
            "vip: 203.0.113.48/28, protocol: udp, ports: [ 53-54, 55 ]"))[2]
            .Services.Select(static s => (s.Evidence.Vip.ToString(), s.Evidence.Port));
        Assert.Equal([("203.0.113.49", 0), ("203.0.113.49", 55)], evidence);
    }

    [Fact]
    public void Only_the_first_eight_VIPs_and_ports_are_checked()
    {
        var numbers = string.Join(", ", Enumerable.Range(100, 9));
        var vips = string.Join(", ", Enumerable.Range(100, 9).Select(static n => $"203.0.113.{n}"));
        var services =
            Of(TestDirector.With("vip: 203.0.113.53, protocol: udp, port: 53",
            $"vips: [ {vips} ], protocol: udp, ports: [ {numbers} ]"))[2].Services;
        Assert.Equal(64, services.Length);
        Assert.Equal((107, IPAddress.Parse("203.0.113.107")), (services[^1].Evidence.Port, services[^1].Evidence.Vip));
    }

    [Fact]
    public void Encapsulation_of_a_server_replaces_that_of_the_profile_at_layer_3_only()
    {
        var servers = Of(TestDirector.With("address: 10.1.0.11", "address: 10.1.0.11, encapsulation: ipip"));
        Assert.Equal(new Encap(ForwardingMode.IpIp), servers[2].Services[0].Evidence.Encap);
        Assert.Equal(1480 - 40, servers[2].Services[0].Evidence.PathMtu!.Mss4);
    }

    [Fact]
    public void Server_of_several_services_is_listed_once()
    {
        var servers = Of(TestDirector.Read(TestDirector.Yaml
            + "\n  - { name: www2, vip: 203.0.113.11, protocol: tcp, port: 80, pool: web, networkProfile: near }"));
        Assert.Equal(["web1", "web2", "dns1"], servers.Select(static s => s.Server.Name));
        Assert.Equal(["www", "www", "www2"], servers[0].Services.Select(static s => s.Evidence.Name));
    }

    private static IReadOnlyList<CheckedServer> Of(Configuration configuration) =>
        CheckedServers.Of(
            TestDirector.Applied with { Configuration = new EffectiveConfiguration(configuration) },
            configuration.VirtualServices);
}
