using System.Net;
using Sidestep.Control.Health;
using Sidestep.Forwarding;
using Sidestep.Model;
using Sidestep.Packets;
using Sidestep.UnitTests.Daemon;

namespace Sidestep.UnitTests.Control.Health;

/// <summary>How measured path MTUs come into the next hops.</summary>
public sealed class PathMtusTests
{
    private static readonly EgressInterface Egress = TestDirector.Eth0 with { MtuBytes = 1500 };
    private static readonly VrfAddress Server = VrfAddress.Parse("10.0.0.11"), Other = VrfAddress.Parse("10.0.0.12");
    private static readonly GroupKey Ipip = GroupKey.Parse("web/ipip"), Gue = GroupKey.Parse("web/gue:6080");

    [Fact]
    public void Without_a_smaller_path_MTU_the_next_hops_are_the_same_instance()
    {
        var (mtus, nextHops) = (new PathMtus(), NextHopsOf(Egress));
        Assert.Same(nextHops, mtus.ApplyTo(nextHops));
        mtus.Record(Ipip, Server, new PathMtuResult(1480, 1480, null), 20);
        Assert.Same(nextHops, mtus.ApplyTo(nextHops));
    }

    [Fact]
    public void Smallest_of_the_groups_counts_for_the_server_alone()
    {
        var (mtus, nextHops) = (new PathMtus(), NextHopsOf(Egress));
        mtus.Record(Ipip, Server, new PathMtuResult(1480, 1380, ""), 20);
        mtus.Record(Gue, Server, new PathMtuResult(1468, 1358, ""), 32);
        var limited = mtus.ApplyTo(nextHops);
        Assert.Equal((1390, 1500), Of(limited, Server));
        Assert.Same(nextHops.Servers[Other], limited.Servers[Other]);
        // The tables of the next compilation compare by reference.
        Assert.Same(limited.Servers, mtus.ApplyTo(nextHops with { }).Servers);
    }

    [Fact]
    public void Route_with_a_smaller_MTU_than_measured_counts()
    {
        var mtus = new PathMtus();
        mtus.Record(Ipip, Server, new PathMtuResult(1480, 1380, ""), 20);
        var nextHops = NextHopsOf(Egress with { MtuBytes = 1300 });
        Assert.Same(nextHops, mtus.ApplyTo(nextHops));
    }

    [Fact]
    public void Director_that_is_the_server_has_no_path()
    {
        var mtus = new PathMtus();
        mtus.Record(Ipip, Server, new PathMtuResult(1480, 1380, ""), 20);
        var nextHops = NextHopsOf(Egress, isLocal: true);
        Assert.Same(nextHops, mtus.ApplyTo(nextHops));
    }

    [Fact]
    public void Only_changes_are_raised()
    {
        var (mtus, changes) = (new PathMtus(), 0);
        mtus.Changed += () => changes++;
        mtus.Record(Ipip, Server, new PathMtuResult(1480, 1480, null), 20);
        mtus.Record(Ipip, Server, new PathMtuResult(1480, null, null), 20);
        Assert.Equal(0, changes);
        mtus.Record(Ipip, Server, new PathMtuResult(1480, 1380, ""), 20);
        mtus.Record(Ipip, Server, new PathMtuResult(1480, 1380, ""), 20);
        mtus.Record(Ipip, Server, new PathMtuResult(1480, null, null), 20);
        Assert.Equal(1, changes);
        mtus.Record(Ipip, Server, new PathMtuResult(1480, 1480, null), 20);
        Assert.Equal(2, changes);
    }

    [Fact]
    public void Servers_that_tables_have_no_more_lose_their_path_MTU()
    {
        var (mtus, nextHops) = (new PathMtus(), NextHopsOf(Egress));
        mtus.Record(Ipip, Server, new PathMtuResult(1480, 1380, ""), 20);
        mtus.Retain(Tables(mtus.ApplyTo(nextHops), Server));
        Assert.True(mtus.IsLimited(Ipip, Server));
        mtus.Retain(Tables(nextHops, Other));
        Assert.False(mtus.IsLimited(Ipip, Server));
    }

    [Fact]
    public void Path_MTUs_of_an_earlier_daemon_count_until_they_are_measured()
    {
        var nextHops = NextHopsOf(Egress);
        var earlier = new PathMtus();
        Assert.Null(earlier.SaveIfChanged());
        earlier.Record(Ipip, Server, new PathMtuResult(1480, 1380, ""), 20);
        var saved = earlier.SaveIfChanged();
        Assert.Equal([new SavedPathMtu("web/ipip", "10.0.0.11", 1400)], saved!.Value);
        Assert.Null(earlier.SaveIfChanged());

        var mtus = new PathMtus([.. saved.Value, new("?", "10.0.0.12", 1400), new("web/ipip", "?", 1400),
            new("web/ipip", "10.0.0.12", 5)]);
        Assert.Equal((1400, 1500), Of(mtus.ApplyTo(nextHops), Server));
        Assert.False(mtus.IsLimited(Ipip, Other));
        // A server that answers no echo proves nothing, not even what the earlier daemon had measured.
        mtus.Record(Ipip, Server, new PathMtuResult(1480, null, null), 20);
        Assert.Equal((1500, 1500), Of(mtus.ApplyTo(nextHops), Server));
        Assert.Empty(mtus.SaveIfChanged()!.Value);
    }

    private static (int InForce, int Route) Of(NextHops nextHops, VrfAddress server) =>
        (nextHops.Servers[server].Egress.MtuBytes, nextHops.Servers[server].RouteMtuBytes);

    private static NextHops NextHopsOf(EgressInterface egress, bool isLocal = false) => new([egress],
        new[] { Server, Other }.ToDictionary(static s => s,
            _ => new NextHop(egress, new MacAddress(9), IsLocal: isLocal)),
        new Dictionary<VrfAddress, string>());

    private static ForwardingTables Tables(NextHops nextHops, params VrfAddress[] servers) => TableCompiler.Compile(
        new Configuration
        {
            Node = new NodeSettings { Interfaces = [new("eth0", Driver.Auto)] },
            Group = new GroupSettings { HashKey = new HashKey(7, 9) },
            Pools =
            [
                new Pool
                {
                    Name = "web", Slots = 1021,
                    Servers = [.. servers.Select(static s => new RealServer { Name = $"{s}", Address = s.Address })],
                },
            ],
            VirtualServices =
            [
                new VirtualService
                {
                    Name = "web", Vips = [IPNetwork.Parse("203.0.113.10/32")], Protocol = TransportProtocol.Tcp,
                    Ports = [PortRange.One(80)], Pool = "web",
                },
            ],
        }, nextHops);
}
