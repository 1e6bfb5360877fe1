using System.Net;
using Sidestep.Daemon.NextHops;
using Sidestep.Native;
using Sidestep.UnitTests.Control;

namespace Sidestep.UnitTests.Daemon.NextHops;

public sealed class NeighbourProberTests
{
    private const string Director = "020000000002";
    private readonly ManualTime _time = new();
    private readonly FakeFrames _frames = FakeFrames.Open();
    private readonly FakeNetwork _network = FakeNetwork.Open();
    private readonly List<string> _log = [];
    private readonly NeighbourProber _prober;

    public NeighbourProberTests() => _prober = new NeighbourProber(_network, _frames, _log.Add, _time);

    [Fact]
    public void Requests_go_to_all_next_hops_at_once_and_every_400_milliseconds()
    {
        var routes = Routes(2);
        Tick(routes);
        Assert.Equal(["10.0.0.0", "10.0.0.1"], Requested());
        _time.Advance(TimeSpan.FromMilliseconds(399));
        Tick(routes);
        Assert.Equal(2, _frames.Sent.Count);
        _time.Advance(TimeSpan.FromMilliseconds(1));
        Tick(routes);
        Assert.Equal(4, _frames.Sent.Count);
    }

    [Fact]
    public void Rounds_get_longer_with_the_number_of_next_hops()
    {
        var routes = Routes(2000);
        Tick(routes);
        _time.Advance(TimeSpan.FromMilliseconds(1999));
        Tick(routes);
        Assert.Equal(2000, _frames.Sent.Count);
        _time.Advance(TimeSpan.FromMilliseconds(1));
        Tick(routes);
        Assert.Equal(4000, _frames.Sent.Count);
    }

    [Fact]
    public void Kernel_resolves_every_entry_that_is_not_static()
    {
        var routes = Routes(2);
        _prober.ProbeAll(routes, new HashSet<(int, IPAddress)> { routes[1].Key });
        Assert.Equal(["resolve 10.0.0.0 on 2"], _network.Calls);
        Assert.Equal(2, _frames.Sent.Count);
    }

    [Fact]
    public void Refusal_of_the_kernel_is_thrown_after_all_requests_were_sent()
    {
        _network.Refused.Add(IPAddress.Parse("10.0.0.0"));
        _network.Refused.Add(IPAddress.Parse("10.0.0.1"));
        var failure = Assert.Throws<NativeException>(() =>
            _prober.ProbeAll(Routes(3), new HashSet<(int, IPAddress)>()));
        Assert.Contains("resolve 10.0.0.0", failure.Message, StringComparison.Ordinal);
        Assert.Equal(3, _frames.Sent.Count);
        Assert.Equal(["resolve 10.0.0.2 on 2"], _network.Calls);
    }

    [Fact]
    public void Reply_with_a_new_Ethernet_address_is_entered_into_the_kernels_table()
    {
        Learn(known: "020000000012", replies: "020000000011");
        Assert.Equal(["learn 10.0.0.0 on 2 at 02:00:00:00:00:11"], _network.Calls);
    }

    [Fact]
    public void Reply_with_the_known_Ethernet_address_changes_nothing()
    {
        Learn(known: "020000000011", replies: "020000000011");
        Assert.Empty(_network.Calls);
    }

    [Fact]
    public void Static_entry_stays_as_the_operator_made_it()
    {
        _network.Entry(2, "10.0.0.0", "020000000012", isStatic: true);
        Learn(known: "020000000012", replies: "020000000011");
        Assert.Empty(_network.Calls);
    }

    [Fact]
    public void Address_of_several_hosts_is_logged_once_and_left_to_the_kernel()
    {
        Learn(known: "020000000012", "020000000011", "020000000013");
        Learn(known: "020000000012", "020000000011", "020000000013");
        Assert.Empty(_network.Calls);
        Assert.Equal(
            ["several hosts on 'eth0' answer for 10.0.0.0: 02:00:00:00:00:11, 02:00:00:00:00:13. Traffic to it "
                + "reaches one of them"], _log);
    }

    [Fact]
    public void Replies_to_an_earlier_round_do_not_count_for_the_next()
    {
        var routes = Routes(1);
        Tick(routes);
        _frames.Arrive(2, FrameBytes.Arp(2, Director, "020000000011", "10.0.0.0", Director, "10.0.0.2"));
        _time.Advance(TimeSpan.FromMilliseconds(400));
        Tick(routes);
        _network.Calls.Clear();
        _frames.Arrive(2, FrameBytes.Arp(2, Director, "020000000013", "10.0.0.0", Director, "10.0.0.2"));
        Tick(routes);
        Assert.Equal(["learn 10.0.0.0 on 2 at 02:00:00:00:00:13"], _network.Calls);
        Assert.Empty(_log);
    }

    private void Learn(string known, params string[] replies)
    {
        var routes = Routes(1);
        _prober.ProbeAll(routes, new HashSet<(int, IPAddress)>());
        _network.Calls.Clear();
        foreach (var mac in replies)
            _frames.Arrive(2, FrameBytes.Arp(2, Director, mac, "10.0.0.0", Director, "10.0.0.2"));
        var table = NeighbourTable.Of(new FakeNetwork().Entry(2, "10.0.0.0", known).Neighbours());
        _prober.Tick(routes, table);
    }

    private void Tick(NextHopRoute[] routes) => _prober.Tick(routes, NeighbourTable.Empty);

    private IEnumerable<string> Requested() =>
        _frames.Sent.Select(static s => new IPAddress(s.Frame.AsSpan(38, 4)).ToString());

    private static NextHopRoute[] Routes(int count) =>
    [
        .. Enumerable.Range(0, count).Select(static i => new NextHopRoute(
            TestDirector.Eth0, new IPAddress([10, 0, (byte)(i >> 8), (byte)i]), false, IPAddress.Parse("10.0.0.2"))),
    ];
}
