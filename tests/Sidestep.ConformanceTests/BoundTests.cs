using System.Diagnostics;
using System.Globalization;
using Sidestep.ConformanceTests.Cases;
using Sidestep.ConformanceTests.Frames;
using Sidestep.ConformanceTests.Xdp;

namespace Sidestep.ConformanceTests;

/// <summary>What a flood may cost: answers and memory have bounds, and what is beyond them is counted.</summary>
[Collection(OneAtATime.Name)]
public sealed class BoundTests
{
    [Theory]
    [InlineData("ipv4: {to: vip-l3, flags: df}", 1441)]
    [InlineData("ipv6: {to: vip6-l3}", 1421)]
    public void What_is_too_big_is_answered_at_a_bounded_rate(string network, int payload)
    {
        var director = new Behaviour(
            """
            interfaces: {uplink: {address6: director6}}
            services: {far-v6: {vip: vip6-l3, protocol: tcp, port: 80, pool: far}}
            """);
        var layers = string.Create(CultureInfo.InvariantCulture, $"[{network}, tcp: {{flags: A}}, payload: {payload}]");
        var frame = CaseTable.Frame(layers);
        var watch = Stopwatch.StartNew();
        for (var i = 0; i < 20_000; i++)
            director.Action(frame);
        // Each CPU may answer 64 at once, and one more every 2^20 ns.
        var most = (ulong)Environment.ProcessorCount * (64 + (ulong)(watch.Elapsed.TotalNanoseconds / (1 << 20)) + 1);
        var counted = director.Counted();
        Assert.Equal(20_000UL, counted.Packets("answer-too-big") + counted.Packets("drop too-big-unanswered"));
        Assert.InRange(counted.Packets("answer-too-big"), 1UL, most);
    }

    [Fact]
    public void A_flood_of_first_fragments_does_not_stop_what_needs_no_memory()
    {
        var director = new Behaviour("{pools: {web: {hash: five-tuple}}}");
        var first = CaseTable.Frame("[ipv4: {id: 0, flags: mf}, first: 16, udp: {}, payload: 100]");
        for (var id = 0; id < 65536; id++)
            director.Action(Variations.WithId(first, id));
        Assert.Equal("web1", director.Tcp(7, 40000));
        // The newest of all is still known.
        Assert.Equal("web1", director.Server("[ipv4: {id: 65535, protocol: 17, offsetBytes: 16}, payload: 40]"));
        Assert.Equal(65537UL, director.Counted().Packets("service dns"));
    }

    [Fact]
    public void Ten_thousand_prefixes_of_an_access_list_decide_each_for_itself()
    {
        var deny = string.Join(", ", Enumerable.Range(0, 10_000).Select(static i =>
            string.Create(CultureInfo.InvariantCulture, $"10.{i / 250}.{i % 250}.{i % 2 * 128}/25")));
        var director = new Behaviour($"{{accessLists: {{many: {{deny: [{deny}]}}}}, services: {{web: {{accessList: many}}}}}}");
        for (var i = 0; i < 10_000; i += 7)
        {
            string From(int half) => string.Create(CultureInfo.InvariantCulture, $"[ipv4: {{from: 10.{i / 250}.{i % 250}.{half * 128 + 5}}}, tcp: {{}}]");
            Assert.Equal(Forwarding.XdpAction.Drop, director.Action(From(i % 2)));
            Assert.Equal(Forwarding.XdpAction.Transmit, director.Action(From(1 - i % 2)));
        }
        Assert.Equal(1429UL, director.Counted().Packets("drop access-denied"));
    }
}
