using System.Diagnostics;
using System.Globalization;
using Sidestep.ConformanceTests.Cases;
using Sidestep.ConformanceTests.Frames;
using Sidestep.ConformanceTests.Xdp;

namespace Sidestep.ConformanceTests;

/// <summary>Limits under a flood: replies and memory are bounded, and the excess is counted.</summary>
[Collection(SerialEngines.Name)]
public sealed class FloodLimitTests
{
    [Theory]
    [InlineData("ipv4: {to: vip-l3, flags: df}", 1441)]
    [InlineData("ipv6: {to: vip6-l3}", 1421)]
    public void Icmp_too_big_messages_are_rate_limited(string network, int payload)
    {
        var director = new TestDirector(
            """
            interfaces: {uplink: {address6: director6}}
            services: {far-v6: {vip: vip6-l3, protocol: tcp, port: 80, pool: far}}
            """);
        var layers = string.Create(CultureInfo.InvariantCulture, $"[{network}, tcp: {{flags: A}}, payload: {payload}]");
        var frame = CaseTable.Frame(layers);
        var watch = Stopwatch.StartNew();
        for (var i = 0; i < 20_000; i++)
            director.Action(frame);
        // Each CPU may send 64 at once, and one more every 2^20 ns.
        var most = (ulong)Environment.ProcessorCount * (64 + (ulong)(watch.Elapsed.TotalNanoseconds / (1 << 20)) + 1);
        var counted = director.CountersSinceStart();
        Assert.Equal(20_000UL, counted.Packets("icmp-too-big") + counted.Packets("drop too-big-rate-limited"));
        Assert.InRange(counted.Packets("icmp-too-big"), 1UL, most);
    }

    [Theory]
    [InlineData("tcp: {to: 81}", "tcp-reset")]
    [InlineData("udp: {to: 54}", "icmp-unreachable")]
    public void Replies_to_packets_without_a_service_are_rate_limited(string transport, string reply)
    {
        var director = new TestDirector("{onNoService: reset}");
        var frame = CaseTable.Frame($"[ipv4: {{}}, {transport}]");
        var watch = Stopwatch.StartNew();
        for (var i = 0; i < 20_000; i++)
            director.Action(frame);
        var most = (ulong)Environment.ProcessorCount * (64 + (ulong)(watch.Elapsed.TotalNanoseconds / (1 << 20)) + 1);
        var counted = director.CountersSinceStart();
        Assert.Equal(20_000UL, counted.Packets("drop no-service"));
        Assert.InRange(counted.Packets(reply), 1UL, most);
    }

    [Fact]
    public void Flood_of_first_fragments_does_not_stop_traffic_that_needs_no_fragment_table()
    {
        var director = new TestDirector("{pools: {web: {hash: five-tuple}}}");
        var first = CaseTable.Frame("[ipv4: {id: 0, flags: mf}, first: 16, udp: {}, payload: 100]");
        for (var id = 0; id < 65536; id++)
            director.Action(FrameVariants.WithId(first, id));
        Assert.Equal("web1", director.Tcp(7, 40000));
        // The newest fragment is still tracked.
        Assert.Equal("web1", director.Server("[ipv4: {id: 65535, protocol: 17, offsetBytes: 16}, payload: 40]"));
        Assert.Equal(65537UL, director.CountersSinceStart().Packets("service dns"));
    }

    [Fact]
    public void Each_of_ten_thousand_access_list_prefixes_decides_independently()
    {
        var deny = string.Join(", ", Enumerable.Range(0, 10_000).Select(static i =>
            string.Create(CultureInfo.InvariantCulture, $"10.{i / 250}.{i % 250}.{i % 2 * 128}/25")));
        var director = new TestDirector(
            $"{{accessLists: {{many: {{deny: [{deny}]}}}}, services: {{web: {{accessList: many}}}}}}");
        for (var i = 0; i < 10_000; i += 7)
        {
            string From(int subnet) => string.Create(CultureInfo.InvariantCulture,
                $"[ipv4: {{from: 10.{i / 250}.{i % 250}.{subnet * 128 + 5}}}, tcp: {{}}]");
            Assert.Equal(Forwarding.XdpAction.Drop, director.Action(From(i % 2)));
            Assert.Equal(Forwarding.XdpAction.Transmit, director.Action(From(1 - i % 2)));
        }
        Assert.Equal(1429UL, director.CountersSinceStart().Packets("drop access-denied"));
    }
}
