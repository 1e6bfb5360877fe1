using System.Net;
using Sidestep.Engine.Xdp;
using Sidestep.Engine.Xdp.Capture;
using Sidestep.Forwarding;
using Sidestep.Forwarding.Capture;
using Sidestep.Model;
using Encap = Sidestep.Forwarding.Encap;
using Written = Sidestep.Engine.Xdp.Layout.CaptureFilter;

namespace Sidestep.UnitTests.EngineXdp;

/// <summary>Filters of captures as the program reads them, and the rate limit.</summary>
public sealed class CaptureFilterTests
{
    private static readonly GroupKey Web = new(PoolKey.InDefault("web"), Encap.Layer2);
    private static readonly GroupKey Far = new(PoolKey.InDefault("far"), new Encap(ForwardingMode.IpIp));

    private static readonly RunningTables Running = new(
        new Dictionary<ServiceKey, int> { [ServiceKey.InDefault("shop")] = 3, [ServiceKey.InDefault("dns")] = 4 },
        new Dictionary<ServerKey, int>
        {
            [new ServerKey(Web, "web1", VrfAddress.Parse("10.0.0.1"))] = 11,
            [new ServerKey(Far, "web1", VrfAddress.Parse("10.0.0.1"))] = 12,
            [new ServerKey(Web, "web2", VrfAddress.Parse("10.0.0.2"))] = 13,
        },
        new Dictionary<GroupKey, SlotRanges>());

    [Fact]
    public void Empty_filter_has_no_condition_and_every_verdict_but_pass()
    {
        var written = Write(CaptureFilter.Everything);
        Assert.Equal((0u, uint.MaxValue, 0u), (written.NeedsParsing, written.Service, written.Servers[0]));
        // Decisions are 1 to 11, of which 1 is pass and 5 is drop; drop reasons are 16 + 1 to 16 + 14.
        const ulong Decisions = 0b1111_1101_1100, Drops = 0x3fffUL << 17;
        Assert.Equal(Decisions | Drops, written.Verdicts);
    }

    [Theory]
    [InlineData(Decision.Forward, null, 1UL << 2)]
    [InlineData(Decision.Pass, null, 1UL << 1)]
    [InlineData(Decision.Drop, null, 0x3fffUL << 17)]
    [InlineData(null, DropReason.NoServer, 1UL << 16 + 8)]
    [InlineData(Decision.Drop, DropReason.NoServer, 1UL << 16 + 8)]
    [InlineData(Decision.Forward, DropReason.NoServer, 0UL)] // a contradiction
    public void Decision_and_reason_select_verdicts(Decision? decision, DropReason? reason, ulong verdicts) =>
        Assert.Equal(
        verdicts, Write(new CaptureFilter { Decision = decision, Reason = reason }).Verdicts);

    [Theory]
    [InlineData("10.1.0.0/16", 4, "0a010000000000000000000000000000", "ffff0000000000000000000000000000")]
    [InlineData("10.1.2.3/32", 4, "0a010203000000000000000000000000", "ffffffff000000000000000000000000")]
    [InlineData("0.0.0.0/0", 4, "00000000000000000000000000000000", "00000000000000000000000000000000")]
    [InlineData("2001:db8::/33", 6, "20010db8000000000000000000000000", "ffffffff800000000000000000000000")]
    public void Address_condition_has_address_and_mask_in_wire_order(
        string prefix, int family, string address, string mask)
    {
        var condition = new AddressCondition(IPNetwork.Parse(prefix), CapturedSide.Destination);
        var written = Write(new CaptureFilter { Addresses = [condition] });
        var first = written.Addresses[0];
        Assert.Equal(((uint)family, 2u, 1u), (first.Family, first.Sides, written.NeedsParsing));
        Assert.Equal((address, mask), (Hex(first.Address[0], first.Address[1]), Hex(first.Mask[0], first.Mask[1])));
        Assert.Equal(0u, written.Addresses[1].Sides);
    }

    [Fact]
    public void Ports_are_in_network_byte_order()
    {
        var written = Write(new CaptureFilter { Ports = [0x1234, 80] });
        Assert.Equal((0x3412, 0x5000, 1u), (written.Ports[0], written.Ports[1], written.NeedsParsing));
    }

    [Theory]
    [InlineData(null, 0, 0)]
    [InlineData(CapturedProtocol.Tcp, 6, 6)]
    [InlineData(CapturedProtocol.Udp, 17, 17)]
    [InlineData(CapturedProtocol.Sctp, 132, 132)]
    [InlineData(CapturedProtocol.UdpLite, 136, 136)]
    [InlineData(CapturedProtocol.Dccp, 33, 33)]
    [InlineData(CapturedProtocol.Icmp, 1, 58)]
    public void Protocol_has_a_number_per_family(CapturedProtocol? protocol, int number4, int number6)
    {
        var written = Write(new CaptureFilter { Protocol = protocol });
        Assert.Equal((number4, number6), (written.Protocol, written.Protocol6));
        Assert.Equal(protocol is null ? 0u : 1u, written.NeedsParsing);
    }

    [Fact]
    public void Names_become_the_ids_of_the_running_tables()
    {
        Assert.Equal(3u, Write(new CaptureFilter { Service = "shop" }).Service);
        Assert.Equal([11u, 12u, 0u], Servers("web1"));
        Assert.Equal([13u, 0u, 0u], Servers("10.0.0.2"));
    }

    [Fact]
    public void Unknown_names_are_rejected_with_the_known_ones()
    {
        Assert.Equal("the director has no service 'mail'. It has dns, shop",
            Assert.Throws<EngineException>(static () => Write(new CaptureFilter { Service = "mail" })).Message);
        Assert.Equal("the director has no real server 'web3'. It has web1, web2",
            Assert.Throws<EngineException>(static () => Write(new CaptureFilter { Server = "web3" })).Message);
    }

    [Fact]
    public void Name_of_more_servers_than_a_filter_holds_is_rejected()
    {
        var many = Running with
        {
            Servers = Enumerable.Range(1, 17).ToDictionary(
                static i => new ServerKey(
                    new GroupKey(PoolKey.InDefault($"p{i}"), Encap.Layer2), "s", VrfAddress.Parse("127.0.0.1")),
                static i => i),
        };
        var error = Assert.Throws<EngineException>(
            () => FilterWriter.Of(new CaptureFilter { Server = "s" }, new CaptureLimits(), many));
        Assert.StartsWith("'s' is 17 real servers", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1000, 1_000_000)]
    [InlineData(3, 333_333_333)]
    [InlineData(0, 0)]
    public void Rate_becomes_the_interval_between_frames(int rate, long interval)
    {
        var written = FilterWriter.Of(
            CaptureFilter.Everything, new CaptureLimits { Rate = rate, Snap = 100, Sample = 5 }, Running);
        Assert.Equal(((ulong)interval, 100u, 5u), (written.Interval, written.Snap, written.Sample));
    }

    /// <summary>The burst is 100 ms: at 10 frames a second one frame at once and one ahead.</summary>
    [Fact]
    public void Rate_limiter_allows_a_burst_and_then_one_frame_per_interval()
    {
        const long Second = 1_000_000_000;
        var limiter = new RateLimiter(10);
        Assert.Equal([true, true, false], [limiter.Allows(Second), limiter.Allows(Second), limiter.Allows(Second)]);
        Assert.False(limiter.Allows(Second + Second / 10 - 1));
        Assert.True(limiter.Allows(Second + Second / 10));
        Assert.False(limiter.Allows(Second + Second / 10));
        // A pause saves up no more than the burst.
        Assert.Equal(2, Enumerable.Range(0, 10).Count(_ => limiter.Allows(100 * Second)));
    }

    [Fact]
    public void Rate_limiter_without_a_rate_allows_every_frame()
    {
        var limiter = new RateLimiter(0);
        Assert.All(Enumerable.Range(0, 1000), _ => Assert.True(limiter.Allows(5)));
    }

    private static Written Write(CaptureFilter filter) => FilterWriter.Of(filter, new CaptureLimits(), Running);

    private static uint[] Servers(string name)
    {
        var servers = Write(new CaptureFilter { Server = name }).Servers;
        return [servers[0], servers[1], servers[2]];
    }

    private static string Hex(ulong first, ulong second) =>
        Convert.ToHexStringLower([.. BitConverter.GetBytes(first), .. BitConverter.GetBytes(second)]);
}
