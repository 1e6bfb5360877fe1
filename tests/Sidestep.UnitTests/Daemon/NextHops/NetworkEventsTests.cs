using Sidestep.Daemon.NextHops;
using Sidestep.Native.Netlink;

namespace Sidestep.UnitTests.Daemon.NextHops;

public sealed class NetworkEventsTests
{
    private const int Limit = 10;
    private static readonly TimeSpan Wait = TimeSpan.FromMilliseconds(100);
    // RTM_NEWNEIGH and RTM_NEWROUTE of linux/rtnetlink.h.
    private static readonly NetlinkMessage Neighbour = new(28, 0, []), Route = new(24, 0, []);
    private readonly List<TimeSpan> _waits = [];

    [Fact]
    public void No_event_is_no_change() => Assert.Equal(default, Receive(new Queue<NetlinkMessage[]>()));

    [Fact]
    public void Neighbour_does_not_change_the_routes() =>
        Assert.Equal(new NetworkEvents(true, false), Receive(new Queue<NetlinkMessage[]>([[Neighbour]])));

    [Fact]
    public void Lost_events_may_have_been_routes() =>
        Assert.Equal(new NetworkEvents(true, true), Receive(new Queue<NetlinkMessage[]>([[Neighbour], []])));

    [Fact]
    public void Only_the_first_receive_waits()
    {
        Receive(new Queue<NetlinkMessage[]>([[Neighbour], [Neighbour]]));
        Assert.Equal([Wait, TimeSpan.Zero, TimeSpan.Zero], _waits);
    }

    /// <summary>A flood of neighbours' events must not hide the one route that changed, wherever it stands.</summary>
    [Fact]
    public void Route_in_a_flood_is_seen_whatever_its_place()
    {
        for (var place = 0; place < 3 * Limit; place++)
        {
            var queue = new Queue<NetlinkMessage[]>(
                Enumerable.Range(0, 3 * Limit).Select(i => new[] { Neighbour, i == place ? Route : Neighbour }));
            var calls = new List<NetworkEvents>();
            while (queue.Count > 0)
                calls.Add(Receive(queue));
            Assert.Equal(3, calls.Count);
            Assert.Equal(place / Limit, calls.FindIndex(static e => e.RoutesChanged));
            Assert.Single(calls, static e => e.RoutesChanged);
        }
    }

    private NetworkEvents Receive(Queue<NetlinkMessage[]> queue) => NetworkEvents.Receive(
        wait =>
        {
            _waits.Add(wait);
            return queue.TryDequeue(out var messages) ? messages : null;
        },
        Wait, Limit);
}
