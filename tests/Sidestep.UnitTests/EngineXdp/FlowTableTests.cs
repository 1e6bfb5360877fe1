using System.Net;
using Sidestep.Engine.Xdp;
using Sidestep.Engine.Xdp.Layout;

namespace Sidestep.UnitTests.EngineXdp;

/// <summary>Sizes of the flow table, idle timeouts, ticks and addresses as the program has them.</summary>
public sealed class FlowTableTests
{
    [Theory]
    [InlineData(1, 1)]
    [InlineData(4, 1)]
    [InlineData(8, 2)]
    [InlineData(4096, 1024)]
    [InlineData(5000, 2048)]
    [InlineData(1_000_000, 262144)]
    public void Table_has_two_entries_per_flow_in_a_power_of_two_of_buckets(int flows, int buckets)
    {
        Assert.Equal(buckets, FlowTable.BucketsFor(flows));
        Assert.True(FlowTable.CapacityOf(buckets) >= flows);
    }

    /// <summary>idle_timeout() of src/bpf/flow_table.h; times are in ticks.</summary>
    [Theory]
    [InlineData(6, 0u, 100)]
    [InlineData(17, 0u, 40)]
    [InlineData(58, 0u, 20)]
    [InlineData(132, 0u, 100)] // SCTP and DCCP have connections
    [InlineData(33, 0u, 100)]
    [InlineData(136, 0u, 40)] // UDP-Lite
    [InlineData(6, Constants.FlowFin, 10)]
    [InlineData(6, Constants.FlowRst, 5)]
    [InlineData(6, Constants.FlowFin | Constants.FlowRst, 5)]
    [InlineData(17, Constants.FlowFin, 40)]
    public void Flow_is_alive_for_its_idle_timeout(byte protocol, uint flags, int timeout)
    {
        var profile =
            new Profile { TcpTimeout = 100, UdpTimeout = 40, OtherTimeout = 20, FinTimeout = 10, RstTimeout = 5 };
        Assert.True(IsAlive(profile, protocol, flags, (uint)timeout));
        Assert.False(IsAlive(profile, protocol, flags, (uint)timeout + 1));
    }

    [Fact]
    public void Timeouts_after_FIN_and_RST_that_are_0_change_nothing()
    {
        var profile = new Profile { TcpTimeout = 100 };
        Assert.True(IsAlive(profile, 6, Constants.FlowFin | Constants.FlowRst, 100));
    }

    [Fact]
    public void Persistence_replaces_every_other_timeout()
    {
        var profile = new Profile { TcpTimeout = 100, FinTimeout = 10, PersistenceTimeout = 200 };
        Assert.True(IsAlive(profile, 6, Constants.FlowFin, 200));
        Assert.False(IsAlive(profile, 6, Constants.FlowFin, 201));
    }

    [Fact]
    public void Flow_that_is_newer_than_the_clock_is_alive()
    {
        var flow = new Flow { Seen = 1003 };
        Assert.True(FlowTable.IsAlive(flow, new FlowKey { Protocol = 6 }, new Profile[256], now: 1000));
    }

    [Fact]
    public void Ticks_wrap_around()
    {
        var profiles = new Profile[256];
        profiles[0].TcpTimeout = 20;
        var flow = new Flow { Seen = uint.MaxValue - 9 };
        Assert.True(FlowTable.IsAlive(flow, new FlowKey { Protocol = 6 }, profiles, now: 10));
        Assert.False(FlowTable.IsAlive(flow, new FlowKey { Protocol = 6 }, profiles, now: 11));
    }

    /// <summary>A tick is 2^26 ns.</summary>
    [Theory]
    [InlineData(0, 0u)]
    [InlineData(1, 15u)] // 14.9
    [InlineData(120, 1789u)] // 1788.1
    public void Seconds_are_rounded_up_to_ticks(int seconds, uint ticks) => Assert.Equal(ticks, Ticks.Of(seconds));

    [Fact]
    public void Ticks_have_a_duration()
    {
        Assert.Equal(67.108864, Ticks.Length(1).TotalMilliseconds, 3);
        Assert.InRange(Ticks.Length(Ticks.Of(3600)), TimeSpan.FromHours(1), TimeSpan.FromSeconds(3600.07));
    }

    [Theory]
    [InlineData("192.0.2.1", 0x010200c0u)]
    [InlineData("255.0.0.0", 0x000000ffu)]
    public void IPv4_address_is_a_word_in_memory_order(string address, uint word)
    {
        Assert.Equal(word, Wire.Word(IPAddress.Parse(address)));
        Assert.Equal(IPAddress.Parse(address), Wire.Address(word));
    }

    [Fact]
    public void IPv6_address_is_not_a_word() =>
        Assert.Throws<ArgumentException>(static () => Wire.Word(IPAddress.IPv6Loopback));

    [Fact]
    public void IPv6_address_survives_as_words()
    {
        var address = IPAddress.Parse("2001:db8:1:2:3:4:5:6");
        var words = Wire.Words(address);
        Assert.Equal(0x0200_0100_b80d_0120ul, words[0]);
        Assert.Equal(address, Wire.Address(words, isIpv6: true));
    }

    [Fact]
    public void Bytes_of_IPv4_are_the_first_four_and_null_is_zero()
    {
        var (bytes, none) = (Wire.Bytes(IPAddress.Parse("192.0.2.1")), Wire.Bytes(null));
        Assert.Equal("c0000201" + new string('0', 24), Convert.ToHexStringLower(bytes));
        Assert.Equal(new string('0', 32), Convert.ToHexString(none));
    }

    private static bool IsAlive(Profile profile, byte protocol, uint flags, uint idle)
    {
        var profiles = new Profile[256];
        profiles[9] = profile;
        return FlowTable.IsAlive(
            new Flow { Server = 5 | flags, Seen = 1000 }, new FlowKey { Protocol = protocol, Profile = 9 }, profiles,
                1000 + idle);
    }
}
