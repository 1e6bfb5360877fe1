using Sidestep.Daemon.NextHops;
using Sidestep.Model;
using Sidestep.Packets;
using Sidestep.UnitTests.Control;

namespace Sidestep.UnitTests.Daemon.NextHops;

public sealed class LostNextHopsTests
{
    private static readonly VrfAddress Server = VrfAddress.Parse("10.0.0.11");
    private static readonly MacAddress Mac = new(0x0200_0000_0011);
    private readonly ManualTime _time = new();
    private readonly FakeNetwork _network = new FakeNetwork().Link(2, "eth0").Address(2, "10.0.0.2")
        .Route("10.0.0.11", 2).Entry(2, "10.0.0.11", "020000000011");

    private readonly NextHopTracker _tracker;

    public LostNextHopsTests()
    {
        _tracker = new NextHopTracker(_network,
            new NeighbourProber(_network, FakeFrames.Open(), static _ => { }, _time), _time);
        _tracker.Watch(new ResolverTargets(["eth0"], [Server], []));
    }

    [Fact]
    public void Next_hop_is_retained_for_five_seconds_after_its_route_is_lost()
    {
        _network.Routes.Clear();
        Assert.False(Change());
        Assert.Equal(Mac, _tracker.Current.Servers[Server].Neighbour);
        Assert.Empty(_tracker.Current.Unresolved);
        _time.Advance(TimeSpan.FromSeconds(4.9));
        Assert.False(Tick());
        _time.Advance(TimeSpan.FromSeconds(0.1));
        Assert.True(Tick());
        Assert.Empty(_tracker.Current.Servers);
        Assert.Contains("no route", _tracker.Current.Unresolved[Server], StringComparison.Ordinal);
        _time.Advance(LostNextHops.RetentionTime);
        Assert.False(Change());
        Assert.Empty(_tracker.Current.Servers);
    }

    [Fact]
    public void Next_hop_is_retained_until_the_neighbour_on_the_new_route_is_known()
    {
        _network.Route("10.0.0.11", 2, gateway: "10.0.0.1");
        Assert.False(Change());
        Assert.Equal(Mac, _tracker.Current.Servers[Server].Neighbour);
        _network.Entry(2, "10.0.0.1", "020000000001");
        Assert.True(Change());
        Assert.Equal(new MacAddress(0x0200_0000_0001), _tracker.Current.Servers[Server].Neighbour);
        Assert.True(_tracker.Current.Servers[Server].ViaRouter);
    }

    [Fact]
    public void Neighbour_is_still_known_when_the_route_is_back()
    {
        _network.Routes.Clear();
        _network.Entries.Clear();
        Change();
        _network.Route("10.0.0.11", 2);
        Assert.False(Change());
        _time.Advance(LostNextHops.RetentionTime);
        Assert.False(Tick());
        Assert.Equal(Mac, _tracker.Current.Servers[Server].Neighbour);
    }

    [Fact]
    public void Second_loss_has_its_whole_time()
    {
        LoseRoute(TimeSpan.FromSeconds(4));
        _network.Route("10.0.0.11", 2);
        Change();
        LoseRoute(TimeSpan.FromSeconds(4));
        Assert.Equal(Mac, _tracker.Current.Servers[Server].Neighbour);
    }

    [Fact]
    public void Interface_with_another_index_reaches_the_neighbour_as_before()
    {
        _network.Links.Clear();
        _network.Routes.Clear();
        _network.Entries.Clear();
        Change();
        Assert.Empty(_tracker.Current.Servers);
        Assert.Equal([Server], _tracker.Current.Unresolved.Keys);
        _network.Link(7, "eth0").Address(7, "10.0.0.2").Route("10.0.0.11", 7);
        Assert.True(Change());
        var nextHop = _tracker.Current.Servers[Server];
        Assert.Equal((7, Mac), (nextHop.Egress.Index, nextHop.Neighbour));
        Assert.Equal(_tracker.Current.Interfaces.Single().Mac, nextHop.Egress.Mac);
    }

    [Fact]
    public void Source_address_is_retained_until_duplicate_address_detection_ends()
    {
        _network.Address(2, "2001:db8::2");
        Change();
        _network.AllAddresses.RemoveAt(1);
        _network.Address(2, "2001:db8::2", isUsable: false);
        Change();
        Assert.Equal("2001:db8::2", $"{_tracker.Current.Servers[Server].Egress.Address6}");
        _time.Advance(LostNextHops.RetentionTime);
        Assert.True(Tick());
        Assert.Null(_tracker.Current.Servers[Server].Egress.Address6);
        Assert.Equal(Mac, _tracker.Current.Servers[Server].Neighbour);
    }

    [Fact]
    public void Server_that_was_this_machine_has_no_next_hop_to_retain()
    {
        _network.Route("10.0.0.11", 1, isLocal: true);
        Change();
        Assert.True(_tracker.Current.Servers[Server].IsLocal);
        _network.Routes.Clear();
        Assert.True(Change());
        Assert.Empty(_tracker.Current.Servers);
    }

    [Fact]
    public void Server_that_is_not_watched_any_more_loses_its_next_hop()
    {
        _network.Routes.Clear();
        Change();
        _tracker.Watch(new ResolverTargets(["eth0"], [], []));
        _tracker.Watch(new ResolverTargets(["eth0"], [Server], []));
        Assert.Empty(_tracker.Current.Servers);
    }

    private void LoseRoute(TimeSpan time)
    {
        _network.Routes.Clear();
        Change();
        _time.Advance(time);
        Tick();
    }

    private bool Change() => _tracker.Update(anyEvent: true, routesChanged: true);

    private bool Tick() => _tracker.Update(anyEvent: false, routesChanged: false);
}
