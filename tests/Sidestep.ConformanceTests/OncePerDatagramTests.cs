using System.Globalization;
using Sidestep.ConformanceTests.Xdp;

namespace Sidestep.ConformanceTests;

/// <summary>Services that distribute datagrams one by one: properties of many datagrams.</summary>
[Collection(SerialEngines.Name)]
public sealed class OncePerDatagramTests
{
    private const string Servers = "{web1: {weight: 3}, web2: {address: web2}}";
    private const string Datagram = "[ipv4: {}, udp: {}]";
    private const int Count = 4000;

    [Theory]
    [InlineData("source-address")]
    [InlineData("five-tuple")]
    public void Datagrams_of_one_client_are_shared_out_by_weight(string hash)
    {
        var director = new TestDirector(
            $"{{pools: {{web: {{hash: {hash}, servers: {Servers}}}}}, services: {{dns: {{oncePerDatagram: true}}}}}}");
        for (var i = 0; i < Count; i++)
            director.Send(Datagram);
        var counted = director.CountersSinceStart();
        // 3 of 4; the limits are more than seven standard deviations away.
        Assert.InRange(counted.PacketsOf("server web/l2/web1"), 2800UL, 3200UL);
        Assert.Equal((ulong)Count, counted.PacketsOf("server web/l2/web1") + counted.PacketsOf("server web/l2/web2"));
        Assert.Equal((ulong)Count, counted.PacketsOf("service dns"));
    }

    [Fact]
    public void Datagrams_over_IPv6_are_shared_out_too()
    {
        var director = new TestDirector(
            $"{{interfaces: {{uplink: {{address6: director6}}}}, pools: {{web: {{servers: {Servers}}}}}, services: "
            + "{dns6: {vip: vip6, protocol: udp, port: 53, pool: web, profile: l2, oncePerDatagram: true}}}");
        for (var i = 0; i < Count; i++)
            director.Send("[ipv6: {}, udp: {}]");
        Assert.InRange(director.CountersSinceStart().PacketsOf("server web/l2/web1"), 2800UL, 3200UL);
    }

    [Fact]
    public void Other_services_of_the_pool_keep_their_flows_and_no_flow_is_tracked()
    {
        var director = new TestDirector(
            $"{{pools: {{web: {{servers: {Servers}}}}}, services: {{dns: {{oncePerDatagram: true}}}}}}");
        var before = Enumerable.Range(0, 50).ToDictionary(static i => i, i => director.Tcp(i, 40000));
        for (var i = 0; i < 200; i++)
            director.Send(Datagram);
        Assert.All(before, f => Assert.Equal(f.Value, director.Tcp(f.Key, 40000)));
        Assert.Equal(0, director.TrackedFlows());
    }

    [Fact]
    public void A_draining_server_gets_no_further_datagram()
    {
        var director = new TestDirector(
            $"{{pools: {{web: {{servers: {Servers}}}}}, services: {{dns: {{oncePerDatagram: true}}}}}}");
        Assert.Contains("web2", Enumerable.Range(0, 500).Select(_ => director.Server(Datagram)));
        director.Change("{pools: {web: {servers: {web1: {weight: 3}, web2: {address: web2, state: draining}}}}, "
            + "services: {dns: {oncePerDatagram: true}}}");
        Assert.All(Enumerable.Range(0, 500), _ => Assert.Equal("web1", director.Server(Datagram)));
        Assert.Equal(0, director.TrackedFlows());
    }

    [Fact]
    public void Fragments_of_a_datagram_reach_one_server()
    {
        var director = new TestDirector(
            $"{{pools: {{web: {{servers: {Servers}}}}}, services: {{dns: {{oncePerDatagram: true}}}}}}");
        var reached = new HashSet<string>();
        for (var id = 1; id <= 200; id++)
        {
            string Fragment(string layers) => director.Server(string.Create(CultureInfo.InvariantCulture,
                $"[ipv4: {{id: {id}, {layers}]"));
            var first = Fragment("flags: mf}, first: 1480, udp: {}, payload: 2992");
            Assert.Equal(first, Fragment("protocol: 17, flags: mf, offsetBytes: 1480}, payload: 40"));
            Assert.Equal(first, Fragment("protocol: 17, offsetBytes: 1520}, payload: 40"));
            reached.Add(first);
        }
        Assert.Equal(2, reached.Count);
    }

    [Fact]
    public void Errors_about_datagrams_and_echo_requests_of_a_client_reach_one_server()
    {
        var director = new TestDirector(
            $"{{vips: {{vip: {{echo: forward}}}}, pools: {{web: {{servers: {Servers}}}}}, "
            + "services: {web: null, dns: {oncePerDatagram: true}}}");
        foreach (var layers in new[]
        {
            "[ipv4: {}, icmp: {}, payload: 56]",
            "[ipv4: {from: router}, icmp: {type: 3, code: 4, mtu: 1400}, ipv4: {from: vip, to: client}, "
                + "udp: {from: 53, to: 40000}, payload: 20]",
        })
            Assert.Single(Enumerable.Range(0, 100).Select(_ => director.Server(layers)).Distinct());
    }
}
