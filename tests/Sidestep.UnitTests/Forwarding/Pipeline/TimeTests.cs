using Sidestep.Forwarding;
using Sidestep.Forwarding.Pipeline;
using Sidestep.Model;

namespace Sidestep.UnitTests.Forwarding.Pipeline;

/// <summary>What depends on time in the pipeline: ticks, token bucket, fragment table and idle timeouts.</summary>
public sealed class TimeTests
{
    private const long Tick = 1 << 26; // nanoseconds

    [Theory]
    [InlineData(0, 0)]
    [InlineData(Tick - 1, 0)]
    [InlineData(Tick, 1)]
    [InlineData(long.MaxValue, uint.MaxValue)] // 2^63 - 1 in ticks, modulo 2^32
    public void Time_is_counted_in_ticks_of_67_ms(long nanoseconds, uint tick) =>
        Assert.Equal(tick, Ticks.At(nanoseconds));

    [Theory]
    [InlineData(5u, 9u, 4u)]
    [InlineData(9u, 5u, 0u)] // another thread's clock was ahead
    [InlineData(uint.MaxValue, 2u, 3u)] // across the end of 32 bits
    [InlineData(7u, 7u, 0u)]
    public void Age_is_never_negative(uint seen, uint now, uint age) => Assert.Equal(age, Ticks.Since(seen, now));

    [Theory]
    [InlineData(1, 15u)] // 14.9
    [InlineData(60, 895u)] // 894.07
    [InlineData(0, 0u)]
    public void Seconds_are_rounded_up(int seconds, uint ticks)
    {
        Assert.Equal(ticks, Ticks.Of(seconds));
        Assert.True(Ticks.Length(ticks) >= TimeSpan.FromSeconds(seconds));
    }

    [Fact]
    public void Burst_of_64_is_followed_by_one_token_every_2_to_the_20_nanoseconds()
    {
        var bucket = default(TokenBucket);
        const long Step = 1 << 20;
        Assert.Equal(64, Enumerable.Range(0, 100).Count(_ => bucket.TryTake(5 * Step)));
        Assert.False(bucket.TryTake(6 * Step - 1));
        Assert.True(bucket.TryTake(6 * Step));
        Assert.False(bucket.TryTake(6 * Step));
        Assert.Equal(10, Enumerable.Range(0, 100).Count(_ => bucket.TryTake(16 * Step)));
        Assert.Equal(64, Enumerable.Range(0, 100).Count(_ => bucket.TryTake(1000 * Step)));
    }

    [Fact]
    public void Datagram_is_found_until_5_seconds_after_its_first_fragment()
    {
        var table = new FragmentTable();
        var service = Service();
        Assert.False(table.TryFind(42, 100, out _, out _));
        Assert.False(table.Track(42, service, 7, 100));
        Assert.True(table.TryFind(42, 100 + 75, out var found, out var server));
        Assert.Same(service, found);
        Assert.Equal(7, server);
        Assert.False(table.TryFind(42, 100 + 76, out found, out server));
        Assert.Null(found);
        Assert.False(table.TryFind(42 + 4096, 100, out _, out _)); // same bucket, another datagram
    }

    [Fact]
    public void Full_bucket_evicts_its_oldest_datagram_and_reports_it_while_it_may_be_in_transit()
    {
        var table = new FragmentTable();
        // 4096 buckets of four entries: these five share a bucket.
        for (var i = 1; i <= 4; i++)
            Assert.False(table.Track((ulong)(i * 4096 + 1), Service(), i, (uint)(100 + i)));
        Assert.True(table.Track(5 * 4096 + 1, Service(), 5, 110));
        Assert.False(table.TryFind(1 * 4096 + 1, 110, out _, out _));
        Assert.True(table.TryFind(2 * 4096 + 1, 110, out _, out var server));
        Assert.Equal(2, server);
        // The next one, 2, is oldest and has timed out: it is replaced without a report.
        Assert.False(table.Track(6 * 4096 + 1, Service(), 6, 102 + 76));
        // Again the same datagram: its entry is updated.
        Assert.False(table.Track(6 * 4096 + 1, Service(), 9, 102 + 76));
        Assert.True(table.TryFind(6 * 4096 + 1, 102 + 76, out _, out server));
        Assert.Equal(9, server);
        table.Clear();
        Assert.False(table.TryFind(6 * 4096 + 1, 102 + 76, out _, out _));
    }

    [Theory]
    [InlineData(6, 0u, 100)]
    [InlineData(17, 0u, 20)]
    [InlineData(1, 0u, 7)]
    [InlineData(58, 0u, 7)]
    [InlineData(132, 0u, 100)] // SCTP and DCCP have connections
    [InlineData(33, 0u, 100)]
    [InlineData(136, 0u, 20)] // UDP-Lite
    [InlineData(6, FlowTable.Fin, 30)]
    [InlineData(6, FlowTable.Rst, 3)]
    [InlineData(6, FlowTable.Fin | FlowTable.Rst, 3)]
    [InlineData(17, FlowTable.Fin, 20)] // UDP has no FIN
    public void Idle_timeout_depends_on_protocol_and_end_of_the_connection(int protocol, uint flags, int seconds)
    {
        var entry = Service().Entry with
        {
            IdleTimeouts =
            new IdleTimeouts(100, 20, 7) { AfterFin = 30, AfterRst = 3 }
        };
        Assert.Equal(Ticks.Of(seconds), IdleTimeoutTicks.Of(entry).For(protocol, flags));
        var ofClient = entry with { Persistence = new Persistence(600, 32, 128) };
        Assert.Equal(Ticks.Of(600), IdleTimeoutTicks.Of(ofClient).For(protocol, flags));
    }

    [Theory]
    [InlineData(FlowTable.Fin)]
    [InlineData(FlowTable.Rst)]
    public void Without_a_timeout_of_its_own_a_closed_connection_has_that_of_TCP(uint flags) => Assert.Equal(
        Ticks.Of(100),
        IdleTimeoutTicks.Of(Service().Entry with { IdleTimeouts = new IdleTimeouts(100, 20, 7) }).For(6, flags));

    private static ServiceRecord Service()
    {
        var entry = new ServiceEntry
        {
            Key = ServiceKey.InDefault("www"),
            Vips = [],
            Protocol = TransportProtocol.Tcp,
            Ports = [],
            Group = new GroupKey(PoolKey.InDefault("web"), Encap.Layer2),
        };
        return new ServiceRecord
        {
            Id = 0,
            Entry = entry,
            Slots = [],
            PreviousServers = null,
            IdleTimeouts = IdleTimeoutTicks.Of(entry)
        };
    }
}
