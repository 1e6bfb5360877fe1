using System.Globalization;
using Sidestep.ConformanceTests.Xdp;

namespace Sidestep.ConformanceTests;

/// <summary>Algorithms that track flows: properties of many flows.</summary>
[Collection(SerialEngines.Name)]
public sealed class AlgorithmTests
{
    private const string ThreeServers = "servers: {web2: {address: web2}, web3: {address: web3}}";

    [Fact]
    public void Round_robin_assigns_new_connections_to_the_servers_in_rotation()
    {
        var director = new TestDirector($"{{pools: {{web: {{algorithm: round-robin, {ThreeServers}}}}}}}");
        var servers = Enumerable.Range(0, 30).Select(i => director.Tcp(7, 40000 + i, "S")).ToList();
        Assert.Equal(3, servers.Take(3).Distinct().Count());
        Assert.All(Enumerable.Range(0, 27), i => Assert.Equal(servers[i], servers[i + 3]));
    }

    [Fact]
    public void Round_robin_keeps_a_connection_on_its_server_while_others_open()
    {
        var director = new TestDirector($"{{pools: {{web: {{algorithm: round-robin, {ThreeServers}}}}}}}");
        var first = Enumerable.Range(0, 100).ToDictionary(static i => i, i => director.Tcp(i % 5, 40000 + i, "S"));
        for (var round = 0; round < 3; round++)
            Assert.All(first, f => Assert.Equal(f.Value, director.Tcp(f.Key % 5, 40000 + f.Key)));
        Assert.All(first, f => Assert.Equal(f.Value, director.Tcp(f.Key % 5, 40000 + f.Key, "FA")));
    }

    [Fact]
    public void Round_robin_ignores_weights()
    {
        var director = new TestDirector(
            "{pools: {web: {algorithm: round-robin, servers: {web1: {weight: 100}, web2: {address: web2}}}}}");
        var servers = Enumerable.Range(0, 40).Select(i => director.Tcp(7, 40000 + i, "S")).ToList();
        Assert.Equal(20, servers.Count(static s => s == "web1"));
    }

    [Fact]
    public void Weighted_round_robin_gives_each_server_its_weighted_share()
    {
        var director = new TestDirector(
            "{pools: {web: {algorithm: weighted-round-robin, "
            + "servers: {web1: {weight: 3}, web2: {address: web2}, web3: {address: web3, weight: 2}}}}}");
        var servers = Enumerable.Range(0, 600).Select(i => director.Tcp(i % 200, 40000 + i, "S")).ToList();
        Assert.InRange(servers.Count(static s => s == "web1"), 280, 320);
        Assert.InRange(servers.Count(static s => s == "web2"), 80, 120);
        Assert.InRange(servers.Count(static s => s == "web3"), 180, 220);
    }

    [Fact]
    public void Least_connections_prefers_an_empty_server_until_it_catches_up()
    {
        var director = new TestDirector(
            "{pools: {web: {algorithm: least-connections, servers: {web2: {address: web2}}}}}");
        var before = Enumerable.Range(0, 40).Select(i => director.Tcp(7, 40000 + i, "S")).ToList();
        Assert.InRange(before.Count(static s => s == "web1"), 18, 22);

        director.Change($"{{pools: {{web: {{algorithm: least-connections, {ThreeServers}}}}}}}");

        var next = Enumerable.Range(0, 15).Select(i => director.Tcp(8, 50000 + i, "S")).ToList();
        Assert.InRange(next.Count(static s => s == "web3"), 13, 15);
        Assert.All(Enumerable.Range(0, 40), i => Assert.Equal(before[i], director.Tcp(7, 40000 + i)));
    }

    [Fact]
    public void Weighted_least_connections_distributes_connections_in_proportion_to_weights()
    {
        var director = new TestDirector(
            "{pools: {web: {algorithm: weighted-least-connections, "
            + "servers: {web1: {weight: 3}, web2: {address: web2}}}}}");
        var servers = Enumerable.Range(0, 200).Select(i => director.Tcp(i % 100, 40000 + i, "S")).ToList();
        Assert.InRange(servers.Count(static s => s == "web1"), 145, 155);
    }

    [Fact]
    public void Idle_flows_expire_and_are_scheduled_again()
    {
        var director = new TestDirector(
            """
            profiles: {l2: {idleTimeouts: {tcp: 60, udp: 1, icmp: 1}}}
            pools: {web: {algorithm: round-robin, servers: {web2: {address: web2}}}}
            """);
        string Next() => director.Server("[ipv4: {}, udp: {from: 40000}]");
        var first = Next();
        Assert.Equal(first, Next());
        // Another flow moves the round robin on, so that the first flow would not return to its server by chance.
        Assert.NotEqual(first, director.Server("[ipv4: {}, udp: {from: 40001}]"));
        director.Server("[ipv4: {}, udp: {from: 40002}]");
        Thread.Sleep(TimeSpan.FromSeconds(2.2));
        Assert.NotEqual(first, Next());
    }

    [Theory]
    [InlineData("afterFin: 1", "FA", true)]
    [InlineData("afterRst: 1", "R", true)]
    [InlineData("afterFin: 1", "R", false)]
    [InlineData("udp: 1", "FA", false)]
    public void Timeout_after_FIN_or_RST_applies_only_after_that_flag(string timer, string flags, bool ends)
    {
        var director = new TestDirector(
            $$$"""
            profiles: {l2: {idleTimeouts: { {{{timer}}} } } }
            pools: {web: {algorithm: round-robin, servers: {web2: {address: web2} } } }
            """);
        var first = director.Tcp(7, 40000, "S");
        Assert.Equal(first, director.Tcp(7, 40000, flags));
        Assert.Equal(first, director.Tcp(7, 40000));
        director.Tcp(7, 40001, "S");
        director.Tcp(7, 40002, "S");
        Thread.Sleep(TimeSpan.FromSeconds(2.2));
        Assert.Equal(!ends, first == director.Tcp(7, 40000));
    }

    [Fact]
    public void Persistence_sends_all_connections_of_a_client_to_one_server()
    {
        var director = new TestDirector(
            $"{{pools: {{web: {{algorithm: round-robin, persistence: {{timeout: 60}}, {ThreeServers}}}}}}}");
        var servers = Enumerable.Range(1, 50).ToDictionary(static c => c, c => director.Tcp(c, 40000, "S"));
        Assert.Equal(3, servers.Values.Distinct().Count());
        Assert.All(servers, s => Assert.Equal(s.Value, director.Tcp(s.Key, 40001, "S")));
    }

    [Fact]
    public void Closing_a_connection_does_not_end_the_persistence_of_its_client()
    {
        var director = new TestDirector(
            $"{{pools: {{web: {{algorithm: round-robin, persistence: {{timeout: 60}}, {ThreeServers}}}}}}}");
        var first = director.Tcp(7, 40000, "S");
        foreach (var flags in new[] { "FA", "R" })
        {
            director.Tcp(7, 40000, flags);
            director.Tcp(8, 40000, "S");
            Assert.Equal(first, director.Tcp(7, 40001, "S"));
        }
    }

    [Fact]
    public void Persistence_by_prefix_keeps_an_IPv4_network_on_one_server()
    {
        var director = new TestDirector(
            $$$"""
            pools: {web: {algorithm: round-robin, persistence: {timeout: 60, prefixLength4: 28}, {{{ThreeServers}}} } }
            """);
        var networks = Enumerable.Range(0, 15).Select(n => Enumerable.Range(0, 16)
            .Select(c => director.Tcp(n * 16 + c, 40000 + c, "S")).Distinct().ToList()).ToList();
        Assert.All(networks, static n => Assert.Single(n));
        Assert.Equal(3, networks.Select(static n => n[0]).Distinct().Count());
    }

    [Fact]
    public void Persistence_by_prefix_keeps_an_IPv6_network_on_one_server()
    {
        var director = new TestDirector(
            $$$"""
            pools: {web: {algorithm: round-robin, persistence: {timeout: 60, prefixLength6: 56}, {{{ThreeServers}}}}}
            services: {web-v6: {vip: vip6, protocol: tcp, port: 80, pool: web, profile: l2}}
            """);
        string Of(int network, int client) => director.Server(string.Create(CultureInfo.InvariantCulture,
            $"[ipv6: {{from: '2001:db8:c:{network:x}{client:x2}::{client:x}'}}, tcp: {{flags: S}}]"));
        var networks = Enumerable.Range(1, 12)
            .Select(n => Enumerable.Range(0, 20).Select(c => Of(n, c)).Distinct().ToList()).ToList();
        Assert.All(networks, static n => Assert.Single(n));
        Assert.Equal(3, networks.Select(static n => n[0]).Distinct().Count());
    }

    [Fact]
    public void Persistence_ends_when_the_client_has_been_idle()
    {
        var director = new TestDirector(
            "{pools: {web: {algorithm: round-robin, persistence: {timeout: 1}, servers: {web2: {address: web2}}}}}");
        var first = director.Tcp(7, 40000, "S");
        Assert.Equal(first, director.Tcp(7, 40001, "S"));
        Assert.NotEqual(first, director.Tcp(8, 40000, "S"));
        director.Tcp(9, 40000, "S");
        Thread.Sleep(TimeSpan.FromSeconds(2.2));
        Assert.NotEqual(first, director.Tcp(7, 40002, "S"));
    }

    [Fact]
    public void Only_connections_of_a_disabled_server_move()
    {
        var director = new TestDirector($"{{pools: {{web: {{algorithm: round-robin, {ThreeServers}}}}}}}");
        var before = Enumerable.Range(0, 60).Select(i => director.Tcp(7, 40000 + i, "S")).ToList();
        director.Change(
            "{pools: {web: {algorithm: round-robin, "
            + "servers: {web2: {address: web2, state: disabled}, web3: {address: web3}}}}}");
        var after = Enumerable.Range(0, 60).Select(i => director.Tcp(7, 40000 + i)).ToList();
        Assert.DoesNotContain("web2", after);
        Assert.All(Enumerable.Range(0, 60).Where(i => before[i] != "web2"), i => Assert.Equal(before[i], after[i]));
    }

    [Fact]
    public void Draining_server_keeps_its_connections_and_gets_no_new_ones()
    {
        var director = new TestDirector($"{{pools: {{web: {{algorithm: round-robin, {ThreeServers}}}}}}}");
        var before = Enumerable.Range(0, 60).Select(i => director.Tcp(7, 40000 + i, "S")).ToList();
        director.Change(
            "{pools: {web: {algorithm: round-robin, "
            + "servers: {web2: {address: web2, state: draining}, web3: {address: web3}}}}}");
        Assert.All(Enumerable.Range(0, 60), i => Assert.Equal(before[i], director.Tcp(7, 40000 + i)));
        Assert.DoesNotContain("web2", Enumerable.Range(0, 30).Select(i => director.Tcp(8, 50000 + i, "S")));
    }
}
