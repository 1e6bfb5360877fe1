using System.Collections.Immutable;
using System.Net;
using Sidestep.Control.Doctor;
using Sidestep.Daemon.Doctor;
using Sidestep.Daemon.NextHops;
using Sidestep.Model;

namespace Sidestep.UnitTests.Daemon.Doctor;

public sealed class CheckedRoutesTests
{
    private static readonly IPAddress Web1 = IPAddress.Parse("10.0.0.11"), Dns1 = IPAddress.Parse("10.1.0.11");
    private static readonly IPAddress Router = IPAddress.Parse("10.0.0.1"), Self = IPAddress.Parse("10.0.0.2");
    private readonly FakeNetwork _network = new FakeNetwork().Link(2, "eth0").Address(2, "10.0.0.2")
        .Route("10.0.0.11", 2)
        .Route("10.1.0.11", 2, gateway: "10.0.0.1").Route("10.0.0.2", 1, isLocal: true);

    [Fact]
    public void Server_on_the_link_has_device_Ethernet_address_and_replies()
    {
        var evidence = Of(Web1, (Web1, ["02:00:00:00:00:11"]));
        Assert.Equal((null, "eth0", "02:00:00:00:00:11", false, false),
            (evidence.Gateway, evidence.Device, evidence.Mac, evidence.IsStatic, evidence.IsLocal));
        Assert.Equal(["02:00:00:00:00:11"], evidence.RepliedMacs!.Value);
        Assert.Null(evidence.NoRouteReason);
    }

    [Fact]
    public void Distant_server_has_a_gateway_whose_entry_may_be_static()
    {
        var evidence = Of(Dns1);
        Assert.Equal((Router, "02:00:00:00:00:01", true), (evidence.Gateway, evidence.Mac, evidence.IsStatic));
        Assert.Null(evidence.RepliedMacs);
    }

    [Fact]
    public void Local_server_is_marked_so()
    {
        var evidence = Of(Self);
        Assert.Equal((true, null, ""), (evidence.IsLocal, evidence.Mac, evidence.Device));
    }

    [Fact]
    public void Server_without_a_route_has_the_reason()
    {
        Assert.StartsWith("no route: ", Of(IPAddress.Parse("192.0.2.1")).NoRouteReason, StringComparison.Ordinal);
        Assert.Equal("unknown", Of(IPAddress.Parse("192.0.2.2")).NoRouteReason);
    }

    private RouteEvidence Of(IPAddress server, params (IPAddress Neighbour, ImmutableArray<string> Macs)[] replies)
    {
        var table = RouteTable.Find(_network,
            new ResolverTargets(["eth0"],
                [.. new[] { Web1, Dns1, Self, IPAddress.Parse("192.0.2.1") }.Select(VrfAddress.InDefault)], []));
        return new CheckedRoutes(table, new HashSet<(int, IPAddress)> { (2, Router) }, replies.ToDictionary(static r =>
            (2, r.Neighbour), static r => r.Macs))
            .EvidenceOf(VrfAddress.InDefault(server), TestDirector.NextHops);
    }
}
