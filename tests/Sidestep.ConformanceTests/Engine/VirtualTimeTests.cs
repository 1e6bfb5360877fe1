using Sidestep.ConformanceTests.Cases;
using Sidestep.Engine.Managed;
using Sidestep.Forwarding;
using Sidestep.Testing;

namespace Sidestep.ConformanceTests.Engine;

/// <summary>Effects of time, with a clock that the test controls: exact, and without waiting.</summary>
public sealed class VirtualTimeTests : IDisposable
{
    private const long Second = 1_000_000_000;
    private const string RoundRobin = "pools: {web: {algorithm: round-robin, servers: {web2: {address: web2}}}}";

    private readonly ManagedEngine _engine;
    private long _now = 1_000 * Second;

    public VirtualTimeTests() => _engine = new ManagedEngine(4096, () => _now);

    public void Dispose() => _engine.Dispose();

    [Theory]
    [InlineData("{}", "S", 3600)]
    [InlineData("{tcp: 60}", "S", 60)]
    [InlineData("{tcp: 60, afterFin: 5}", "FA", 5)]
    [InlineData("{tcp: 60, afterRst: 5}", "R", 5)]
    [InlineData("{tcp: 60, afterFin: 5}", "A", 60)]
    public void Flow_is_tracked_for_exactly_its_idle_timeout(string timeouts, string last, int seconds)
    {
        Given($"{{profiles: {{l2: {{idleTimeouts: {timeouts}}}}}, {RoundRobin}}}");
        var first = Server("S");
        Assert.Equal(first, Server(last));
        Advance(seconds - 1);
        Assert.Equal(first, Server("A", peek: true));
        Advance(2);
        // The next new flow gets the other server.
        Assert.NotEqual(first, Server("A"));
    }

    [Fact]
    public void Icmp_too_big_allows_a_burst_of_64_and_then_one_per_millisecond()
    {
        Given("{}");
        var big = CaseTable.Frame("[ipv4: {to: vip-l3, flags: df}, tcp: {flags: A}, payload: 1441]");
        int Replies(int frames) =>
            Enumerable.Range(0, frames).Count(_ => _engine.Trace(big, 1).Action == XdpAction.Transmit);
        Assert.Equal(64, Replies(200));
        _now += 10 << 20;
        Assert.Equal(10, Replies(200));
        Advance(3600);
        Assert.Equal(64, Replies(200));
        Assert.Equal(600UL - 138, _engine.ReadCounters().Drops[DropReason.TooBigRateLimited].Packets);
    }

    [Fact]
    public void First_fragment_is_tracked_for_five_seconds()
    {
        Given("{pools: {web: {hash: five-tuple}}}");
        Assert.Equal(XdpAction.Transmit, Fragment("[ipv4: {id: 7, flags: mf}, first: 64, udp: {}, payload: 100]"));
        Advance(5);
        Assert.Equal(XdpAction.Transmit, Fragment("[ipv4: {id: 7, offsetBytes: 64, protocol: 17}, payload: 44]"));
        _now += Second / 5;
        Assert.Equal(XdpAction.Drop, Fragment("[ipv4: {id: 7, offsetBytes: 64, protocol: 17}, payload: 44]"));
    }

    private XdpAction Fragment(string layers) => _engine.Trace(CaseTable.Frame(layers), 1).Action;

    private void Advance(int seconds) => _now += seconds * Second;

    private void Given(string changes)
    {
        var given = CaseTable.Given(changes);
        _engine.Apply(TableCompiler.Compile(given.Configuration, given.NextHops));
    }

    /// <summary>The Ethernet destination of a segment.</summary>
    /// <param name="flags">TCP flags.</param>
    /// <param name="peek">True: without updating the last packet of the flow.</param>
    private string Server(string flags, bool peek = false)
    {
        if (peek)
            return Convert.ToHexString(
                _engine.Trace(CaseTable.Frame(
                    "[ipv4: {from: router}, icmp: {type: 3, code: 1}, ipv4: {from: vip, to: client}, tcp: {from: 80, "
                    + "to: 40000, flags: A}]"), 1).Frame.Span[..6]);
        return Convert.ToHexString(
            _engine.Trace(CaseTable.Frame($"[ipv4: {{}}, tcp: {{flags: {flags}}}]"), 1).Frame.Span[..6]);
    }
}
