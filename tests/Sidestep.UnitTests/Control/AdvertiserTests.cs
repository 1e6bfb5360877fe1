using System.Net;
using Sidestep.Model;

namespace Sidestep.UnitTests.Control;

/// <summary>Routers hear of a VIP only while the tables serve it: it is withdrawn before the tables change, and
/// advertised after.</summary>
public sealed class AdvertiserTests
{
    [Fact]
    public async Task VIPs_are_advertised_after_the_tables_and_the_interfaces()
    {
        await using var f = new ControlLoopFixture(advertises: true);
        Assert.Equal(["apply s0 by 11", "attach eth0", "attached", "advertise 192.0.2.1/32", "in force"], f.Start());
    }

    [Fact]
    public async Task VIP_that_leaves_is_withdrawn_before_the_tables_change()
    {
        await using var f = new ControlLoopFixture(advertises: true);
        var before = f.Start().Length;
        f.Post(WithVip("s1", "192.0.2.2/32"));
        Assert.Equal(["withdraw 192.0.2.1/32", "apply s1 by 11", "advertise 192.0.2.2/32", "in force"],
            await f.NextAsync(4, before));
    }

    [Fact]
    public async Task VIP_without_a_server_that_can_serve_it_is_withdrawn()
    {
        await using var f = new ControlLoopFixture(advertises: true);
        var before = f.Start().Length;
        var idle = WithVip("s0", "192.0.2.1/32");
        f.Post(idle with { VirtualServices = [idle.VirtualServices[0] with { TrafficEnabled = false }] });
        Assert.Equal(["withdraw 192.0.2.1/32", "apply s0 by 11", "advertise ", "in force"],
            await f.NextAsync(4, before));
    }

    [Fact]
    public async Task Rejected_change_advertises_the_VIPs_that_stay()
    {
        await using var f = new ControlLoopFixture(advertises: true);
        f.Engine.RejectsTables = static t => t.Services[0].Key.Name == "s1" ? "too large" : null;
        var before = f.Start().Length;
        f.Post(WithVip("s1", "192.0.2.2/32"));
        Assert.Equal(["withdraw 192.0.2.1/32", "refused s1 by 11", "advertise 192.0.2.1/32", "failed: too large",
            "apply s0 by 11", "advertise 192.0.2.1/32", "the previous in force"], await f.NextAsync(7, before));
    }

    private static Configuration WithVip(string service, string vip)
    {
        var configuration = ControlLoopFixture.Configuration(service);
        return configuration with
        {
            VirtualServices = [configuration.VirtualServices[0] with { Vips = [IPNetwork.Parse(vip)] }],
        };
    }
}
