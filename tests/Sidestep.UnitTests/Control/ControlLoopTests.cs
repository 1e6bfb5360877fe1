using Sidestep.Control.Health;
using Sidestep.Forwarding;

namespace Sidestep.UnitTests.Control;

/// <summary>The only path to the tables.</summary>
public sealed class ControlLoopTests
{
    [Fact]
    public async Task Tables_are_applied_before_interfaces_are_attached()
    {
        await using var f = new ControlLoopFixture();
        Assert.Equal(["apply s0 by 11", "attach eth0", "attached", "in force"], f.Start());
        Assert.Equal(["eth0"], f.NextHops.Watched.Interfaces);
    }

    [Fact]
    public async Task Start_throws_when_the_first_attach_fails()
    {
        await using var f = new ControlLoopFixture();
        f.Engine.RejectsAttach = static _ => "occupied";
        Assert.Equal("occupied", Assert.Throws<EngineException>(f.Loop.Start).Message);
    }

    [Fact]
    public async Task Edit_is_applied_and_attaches_only_when_the_interfaces_change()
    {
        await using var f = new ControlLoopFixture();
        var before = f.Start().Length;
        f.Post(ControlLoopFixture.Configuration("s1"));
        Assert.Equal(["apply s1 by 11", "in force"], await f.NextAsync(2, before));
        f.Post(ControlLoopFixture.Configuration("s1", ControlLoopFixture.Server, "eth0", "eth1"));
        Assert.Equal(["apply s1 by 11", "attach eth0+eth1", "attached", "in force"], await f.NextAsync(4, before + 2));
        Assert.Equal(before + 6, (await f.StopAsync()).Length);
    }

    [Fact]
    public async Task Who_proposes_a_configuration_hears_what_became_of_it()
    {
        await using var f = new ControlLoopFixture();
        f.Start();
        Assert.True(await f.PostAsync(ControlLoopFixture.Configuration("s1")));
        f.Engine.RejectsAttach = static _ => "occupied";
        var rejected = ControlLoopFixture.Configuration("s2", ControlLoopFixture.Server, "eth0", "eth1");
        Assert.False(await f.PostAsync(rejected));
        f.Engine.RejectsAttach = static _ => null;
        var replaced = f.PostAsync(ControlLoopFixture.Configuration("s3"));
        Assert.True(await f.PostAsync(ControlLoopFixture.Configuration("s4")));
        Assert.True(await replaced);
    }

    [Fact]
    public async Task Next_hops_of_a_removed_interface_are_watched_until_it_is_detached()
    {
        await using var f = new ControlLoopFixture();
        f.Start();
        f.Post(ControlLoopFixture.Configuration("s1", ControlLoopFixture.Server, "eth0", "eth1"));
        var before = (await f.NextAsync(8, 0)).Length;
        var watched = Array.Empty<string>();
        f.Engine.RejectsAttach = _ =>
        {
            watched = f.NextHops.Watched.Interfaces;
            return null;
        };
        f.Post(ControlLoopFixture.Configuration("s1"));
        Assert.Equal(["apply s1 by 11", "attach eth0", "attached", "in force", "apply s1 by 11", "in force"], await f
            .NextAsync(6, before));
        Assert.Equal(["eth0", "eth1"], watched.Order());
        Assert.Equal(["eth0"], f.NextHops.Watched.Interfaces);
    }

    [Fact]
    public async Task New_next_hop_is_applied()
    {
        await using var f = new ControlLoopFixture();
        var before = f.Start().Length;
        f.NextHops.Set(ControlLoopFixture.Server, 0x22);
        f.NextHops.Raise();
        Assert.Equal(["apply s0 by 22", "in force"], await f.NextAsync(2, before));
    }

    [Fact]
    public async Task Measured_path_MTU_is_applied_and_reported_with_the_next_hop()
    {
        await using var f = new ControlLoopFixture();
        var before = f.Start().Length;
        var server = f.Engine.InForce!.Groups[0].Servers[0];
        var route = server.NextHop!.Egress.MtuBytes;
        f.PathMtus.Record(f.Engine.InForce.Groups[0].Key, server.VrfAddress, new PathMtuResult(route, 1000, ""), 0);
        await f.NextAsync(2, before);
        var nextHop = f.Engine.InForce.Groups[0].Servers[0].NextHop!;
        Assert.Equal((1000, route), (nextHop.Egress.MtuBytes, nextHop.RouteMtuBytes));
    }

    [Fact]
    public async Task Simultaneous_events_are_merged_into_one_change_to_the_newest_configuration()
    {
        await using var f = new ControlLoopFixture();
        var before = f.Start().Length;
        using var inside = new SemaphoreSlim(0);
        using var go = new SemaphoreSlim(0);
        f.Engine.Applying = () =>
        {
            inside.Release();
            go.Wait(TimeSpan.FromSeconds(10));
        };
        f.Post(ControlLoopFixture.Configuration("s1"));
        Assert.True(await inside.WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken));
        for (var i = 2; i <= 5; i++)
        {
            f.Post(ControlLoopFixture.Configuration($"s{i}"));
            f.NextHops.Raise();
        }
        go.Release(100);

        Assert.Equal(["apply s1 by 11", "in force", "apply s5 by 11", "in force"], await f.NextAsync(4, before));
        Assert.Equal(before + 4, (await f.StopAsync()).Length);
    }

    [Theory]
    [InlineData(8)]
    [InlineData(7)] // the index that it had
    public async Task Recreated_interface_is_attached_again(int index)
    {
        await using var f = new ControlLoopFixture();
        var before = f.Start().Length;
        f.NextHops.InterfaceIndex = index;
        f.Engine.IsAttached = false;
        f.NextHops.Raise();
        Assert.Equal(["apply s0 by 11", "attach eth0", "attached", "in force"], await f.NextAsync(4, before));
    }

    [Fact]
    public async Task Lost_attachment_is_attached_again_without_a_change_of_next_hops()
    {
        await using var f = new ControlLoopFixture();
        var before = f.Start().Length;
        f.Engine.IsAttached = false;
        f.Loop.AttachAgain();
        Assert.Equal(["apply s0 by 11", "attach eth0", "attached", "in force"], await f.NextAsync(4, before));
    }

    /// <summary>One interface must not hold up servers, health and advertisements of the others.</summary>
    [Fact]
    public async Task Failure_to_attach_again_is_reported_and_the_tables_are_in_force()
    {
        await using var f = new ControlLoopFixture();
        var before = f.Start().Length;
        f.Engine.IsAttached = false;
        f.Engine.RejectsAttach = static _ => "occupied";
        f.NextHops.Set(ControlLoopFixture.Server, 0x22);
        f.NextHops.Raise();
        Assert.Equal(["apply s0 by 22", "cannot attach eth0", "not attached: occupied", "in force"],
            await f.NextAsync(4, before));
        f.Engine.RejectsAttach = static _ => null;
        f.Loop.AttachAgain();
        Assert.Equal(["apply s0 by 22", "attach eth0", "attached", "in force"], await f.NextAsync(4, before + 4));
    }
}
