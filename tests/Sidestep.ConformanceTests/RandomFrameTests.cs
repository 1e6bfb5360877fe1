using System.Globalization;
using Sidestep.ConformanceTests.Cases;
using Sidestep.ConformanceTests.Robustness;
using Sidestep.ConformanceTests.Xdp;
using Sidestep.Forwarding;
using Sidestep.Testing;

namespace Sidestep.ConformanceTests;

/// <summary>Properties of any frame, however malformed, with every kind of configuration.</summary>
[Collection(SerialEngines.Name)]
public sealed class RandomFrameTests(Engines engines)
{
    /// <summary>Number of frames; fewer in an emulated machine.</summary>
    private static readonly int Frames = int.Parse(
        Environment.GetEnvironmentVariable("SIDESTEP_TEST_FRAMES") ?? "20000", CultureInfo.InvariantCulture);

    /// <summary>Both families, all encapsulations, algorithms, ranges, prefixes, lists and policies; each VIP has a
    /// different combination.</summary>
    private const string Everything =
        """
        peers: [director2]
        interfaces: {uplink: {address6: director6}}
        profiles:
          gue: {dsr: l3, encapsulation: gue}
          gre: {dsr: l3, encapsulation: gre, oversized: drop, outerSource: [198.18.0.0/15, "2001:db8:5e::/64"]}
          spread: {dsr: l3, outerSource: [198.18.0.0/15, "2001:db8:5e::/60"]}
        accessLists: {clients: {deny: [203.0.113.8/32, "2001:db8:c::8/128"]}}
        pools:
          web: {hash: five-tuple, servers: {web2: {address: web2}, web6: {address: web6}}}
          far: {servers: {far2: {address: far2, encapsulation: gre}}}
          far6: {hash: destination-port, servers: {far6: {address: far6}, far1: {address: far1, encapsulation: gue}}}
          rotating: {algorithm: round-robin, servers: {far6: {address: far6}, far2: {address: far2}}}
          sticky:
            persistence: {timeout: 60, prefixLength4: 24, prefixLength6: 64}
            servers: {web1: {address: web1}, web3: {address: web3}}
        vips: {203.0.113.128/25: {echo: forward}, vip6-idle: {echo: always}}
        services:
          web: {accessList: clients}
          far: {port: null, ports: [80, 8000-8099]}
          far-dns: {profile: gue}
          web-v6: {vip: vip6, protocol: tcp, ports: any, pool: web, profile: l2}
          dns-v6: {vip: vip6, protocol: udp, ports: [53], pool: far6, profile: gue, accessList: clients}
          far-v6: {vip: vip6-l3, protocol: tcp, port: 80, pool: far6, profile: gre}
          rest-v6: {vip: vip6-l3, protocol: any, pool: rotating, profile: spread}
          idle-v6: {vip: vip6-idle, protocol: tcp, port: 80, pool: empty, profile: l2}
          many: {vip: 203.0.113.128/25, protocol: any, pool: rotating, profile: gue}
          many-v6: {vip: "2001:db8:77::/64", protocol: tcp, ports: any, pool: sticky, profile: l2}
        """;

    [Theory]
    [InlineData(Engines.OneArm, 1)]
    [InlineData(Engines.MultiArm, 2)]
    [InlineData(Engines.AllFeatures, 5)]
    [InlineData(Engines.Managed, 6)]
    public void Every_random_frame_gets_a_valid_action_and_is_counted_once(string engineName, int seed)
    {
        var engine = PrepareEngine(engineName, out var given);
        var random = new RandomFrames(seed);
        var validator = new FrameValidator(given);
        var before = NamedCounters.Of(engine.ReadCounters());
        var decided = new Dictionary<XdpAction, ulong>();
        for (var i = 0; i < Frames; i++)
            CheckFrame(engine, validator, random.Next(), decided);
        CheckCounters(NamedCounters.Of(engine.ReadCounters()).Since(before), decided);
    }

    [Fact]
    public void Random_bytes_of_every_length_get_a_valid_action_and_are_counted_once()
    {
        var engine = PrepareEngine(Engines.OneArm, out var given);
        var random = new RandomFrames(3);
        var validator = new FrameValidator(given);
        var before = NamedCounters.Of(engine.ReadCounters());
        var decided = new Dictionary<XdpAction, ulong>();
        for (var length = 14; length <= 1600; length++)
        {
            for (var times = 0; times < 5; times++)
                CheckFrame(engine, validator, random.Noise(length), decided);
        }
        CheckCounters(NamedCounters.Of(engine.ReadCounters()).Since(before), decided);
    }

    [Fact]
    public void Processing_frames_changes_no_table()
    {
        var engine = engines[Engines.OneArm];
        var given = CaseTable.Given();
        engine.Apply(TableCompiler.Compile(given.Configuration, given.NextHops));
        var before = Results(engine);
        var random = new RandomFrames(4);
        for (var i = 0; i < Frames; i++)
            engine.Trace(random.Next(), 1);
        Assert.Equal(before, Results(engine));
    }

    [Fact]
    public void Every_length_and_traffic_class_gets_a_correct_outer_IPv4_header()
    {
        var engine = engines[Engines.OneArm];
        var given = CaseTable.Given();
        engine.Apply(TableCompiler.Compile(given.Configuration, given.NextHops));
        for (var payload = 0; payload <= 1440; payload++)
        {
            var tos = payload & 0xff;
            var input = CaseTable.Frame($"[ipv4: {{to: vip-l3, tos: {tos}}}, tcp: {{}}, payload: {payload}]");
            var outer = CaseTable.Frame("[ethernet: {to: router, from: director}, "
                + $"ipv4: {{from: director, to: far1, tos: {tos}, totalLength: {60 + payload}, protocol: 4, "
                + "id: 0, flags: df, ttl: 64}]");
            FrameAssert.Equal([.. outer, .. input[14..]], engine.Trace(input, 1).Frame.Span);
        }
    }

    [Theory]
    [InlineData("ipv4: {to: vip-l3, tos: %}", "udp: {to: 53}", 1440)]
    [InlineData("ipv6: {to: vip6-l3, trafficClass: %}", "tcp: {to: 80}", 1396)]
    [InlineData("ipv6: {to: vip6-l3, trafficClass: %}", "tcp: {to: 81}", 1400)]
    [InlineData("ipv6: {to: vip6, trafficClass: %}", "udp: {}", 1400)]
    public void Every_length_and_traffic_class_gets_correct_headers_with_every_encapsulation(
        string network, string transport, int longest)
    {
        var engine = PrepareEngine(Engines.OneArm, out var given);
        var validator = new FrameValidator(given);
        for (var payload = 0; payload <= longest - 20; payload++)
        {
            var trafficClass = (payload & 0xff).ToString(CultureInfo.InvariantCulture);
            var input = CaseTable.Frame(
                $"[{network.Replace("%", trafficClass, StringComparison.Ordinal)}, {transport}, payload: {payload}]");
            CheckFrame(engine, validator, input, []);
        }
    }

    [Fact]
    public void Every_truncated_datagram_to_a_VIP_is_passed_or_dropped_as_malformed()
    {
        var engine = engines[Engines.OneArm];
        var given = CaseTable.Given();
        engine.Apply(TableCompiler.Compile(given.Configuration, given.NextHops));
        var whole = CaseTable.Frame("[ipv4: {}, tcp: {flags: PA}, payload: 30]");
        for (var length = 14; length < whole.Length; length++)
        {
            var before = NamedCounters.Of(engine.ReadCounters());
            var result = engine.Trace(whole.AsSpan(0, length), 1);
            var malformed = NamedCounters.Of(engine.ReadCounters()).Since(before).Packets("drop malformed");
            Assert.Equal(length < 34 ? (XdpAction.Pass, 0UL) : (XdpAction.Drop, 1UL), (result.Action, malformed));
        }
    }

    private static void CheckFrame(
        IEngine engine, FrameValidator validator, byte[] frame, Dictionary<XdpAction, ulong> decided)
    {
        var result = engine.Trace(frame, 1);
        decided[result.Action] = decided.GetValueOrDefault(result.Action) + 1;
        if (result.Action == XdpAction.Pass)
            FrameAssert.Equal(frame, result.Frame.Span);
        if (result.Action == XdpAction.Transmit && validator.Validate(frame, result.Frame.ToArray()) is { } problem)
            Assert.Fail(
                $"{problem}\nin  {Convert.ToHexStringLower(frame)}\nout {Convert.ToHexStringLower(result.Frame.Span)}");
    }

    private static void CheckCounters(NamedCounters counted, Dictionary<XdpAction, ulong> decided)
    {
        Assert.Empty(decided.Keys.Except([XdpAction.Drop, XdpAction.Pass, XdpAction.Transmit]));
        Assert.Equal(decided[XdpAction.Drop], counted.Packets("drop ") + counted.Packets("punted"));
        Assert.Equal(decided[XdpAction.Transmit], counted.Packets("service ") + Responses(counted));
        Assert.Equal(counted.Packets("service "), counted.Packets("server "));
        Assert.InRange(counted.Packets("deliver-locally"), 0UL, decided[XdpAction.Pass]);
        Assert.Equal(0UL, counted.Packets("drop tables-inconsistent"));
        Assert.Equal(0UL, counted.Packets("drop no-headroom"));
    }

    /// <summary>Packets to which the director itself replied.</summary>
    private static ulong Responses(NamedCounters counted) => counted.PacketsOf("arp-reply")
        + counted.PacketsOf("echo-reply") + counted.PacketsOf("neighbour-advertisement")
        + counted.PacketsOf("icmp-too-big") + counted.PacketsOf("tcp-reset") + counted.PacketsOf("icmp-unreachable");

    private IEngine PrepareEngine(string name, out Given given)
    {
        given = CaseTable.Given(Everything);
        var engine = engines.WithCleanState(name);
        engine.Apply(TableCompiler.Compile(given.Configuration, given.NextHops));
        return engine;
    }

    /// <summary>The results for the frames of the table, as text.</summary>
    private static string Results(IEngine engine) =>
        string.Join('\n', CaseTable.All.Where(static c => !c.NeedsCleanState).Select(c =>
    {
        var result = engine.Trace(c.In, 1);
        return $"{c.Sentence}: {result.Action} "
            + $"{(result.Action == XdpAction.Drop ? "" : Convert.ToHexStringLower(result.Frame.Span))}";
    }));
}
