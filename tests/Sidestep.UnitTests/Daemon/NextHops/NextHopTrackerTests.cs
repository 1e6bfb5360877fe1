using Sidestep.Daemon.NextHops;
using Sidestep.Model;
using Sidestep.Packets;
using Sidestep.UnitTests.Control;

namespace Sidestep.UnitTests.Daemon.NextHops;

public sealed class NextHopTrackerTests
{
    private static readonly VrfAddress Server = VrfAddress.Parse("10.0.0.11"), Peer = VrfAddress.Parse("10.0.0.3");
    private readonly ManualTime _time = new();
    private readonly FakeFrames _frames = FakeFrames.Open();
    private readonly FakeNetwork _network =
        new FakeNetwork().Link(2, "eth0").Address(2, "10.0.0.2").Route("10.0.0.11", 2).Route("10.0.0.3", 2);

    private readonly NextHopTracker _tracker;

    public NextHopTrackerTests() =>
        _tracker = new NextHopTracker(_network, new NeighbourProber(_network, _frames, static _ => { }, _time),
            _time);

    [Fact]
    public void Watched_servers_and_peers_are_resolved_and_requested_at_once()
    {
        Watch();
        Assert.Equal([Server], _tracker.Current.Unresolved.Keys);
        Assert.Equal([Peer], _tracker.Current.UnresolvedPeers.Keys);
        Assert.Equal(2, _frames.Sent.Count);
    }

    [Fact]
    public void Event_of_a_neighbour_resolves_without_new_route_lookups()
    {
        Watch();
        var lookups = _network.RouteLookups;
        _network.Entry(2, "10.0.0.11", "020000000011");
        Assert.False(_tracker.Update(anyEvent: false, routesChanged: false));
        Assert.Empty(_tracker.Current.Servers);
        Assert.True(_tracker.Update(anyEvent: true, routesChanged: false));
        Assert.Equal(new MacAddress(0x0200_0000_0011), _tracker.Current.Servers[Server].Neighbour);
        Assert.Equal(lookups, _network.RouteLookups);
    }

    [Fact]
    public void Event_without_a_consequence_is_no_change()
    {
        Watch();
        _network.Entry(2, "10.0.0.99", "020000000099");
        Assert.False(_tracker.Update(anyEvent: true, routesChanged: false));
        Assert.False(_tracker.Update(anyEvent: true, routesChanged: true));
    }

    [Theory]
    [InlineData("peer")]
    [InlineData("route")]
    [InlineData("interface")]
    [InlineData("reason")]
    public void Every_kind_of_change_is_noticed(string kind)
    {
        _network.Entry(2, "10.0.0.11", "020000000011");
        Watch();
        if (kind == "peer")
            _network.Entry(2, "10.0.0.3", "020000000003");
        else if (kind == "route")
            _network.Route("10.0.0.11", 2, gateway: "10.0.0.1").Entry(2, "10.0.0.1", "020000000001");
        else if (kind == "interface")
            _network.Address(2, "2001:db8::2");
        else
            _network.Routes.Remove(Peer.Address);
        Assert.True(_tracker.Update(anyEvent: true, routesChanged: kind != "peer"));
        Assert.False(_tracker.Update(anyEvent: true, routesChanged: true));
    }

    [Fact]
    public void Failure_of_the_first_lookup_is_made_up_for_at_the_next_tick()
    {
        _network.Refused.Add(Server.Address);
        Assert.Throws<Sidestep.Native.NativeException>(Watch);
        Assert.Equal([Server], _tracker.Current.Unresolved.Keys);
        _network.Entry(2, "10.0.0.11", "020000000011");
        Assert.True(_tracker.Update(anyEvent: true, routesChanged: false));
    }

    [Fact]
    public void Next_hops_are_requested_again_only_after_a_lookup()
    {
        _tracker.Probe();
        Assert.Empty(_frames.Sent);
        Watch();
        _frames.Sent.Clear();
        _tracker.Probe();
        Assert.Empty(_frames.Sent);
        _time.Advance(TimeSpan.FromMilliseconds(400));
        _tracker.Probe();
        Assert.Equal(2, _frames.Sent.Count);
    }

    private void Watch() => _tracker.Watch(new ResolverTargets(["eth0"], [Server], [Peer]));
}
