using System.Net.Sockets;
using Sidestep.Agent.Input;
using Sidestep.Agent.Roles;
using Sidestep.Api;
using Sidestep.Native.Netlink;
using Sidestep.UnitTests.Agent.Actions;
using Sidestep.UnitTests.Control;

namespace Sidestep.UnitTests.Agent.Roles;

/// <summary>What a real server plans for a spec, without the loop around it.</summary>
public sealed class RealServerPlanTests : ActionFixture
{
    private readonly RealServerRole _role;

    public RealServerPlanTests() => _role = new RealServerRole(
        Layer2 with { Vips = [] }, Kernel, new ManualTime(), new EventSink(Log.Add));

    [Fact]
    public void The_key_changes_with_everything_that_needs_a_new_apply()
    {
        var keys = new HashSet<string> { Plan().Key };
        Assert.True(keys.Add(Plan(Spec(TestSpec.OtherVip)).Key));
        Kernel.Interfaces[1] = FakeKernel.Ethernet(FakeKernel.Eth0, "eth0", mtu: 1400);
        Assert.True(keys.Add(Plan().Key));
        // Deleted and created again: the same name, another index.
        Kernel.Interfaces[1] = FakeKernel.Ethernet(17, "eth0", mtu: 1400);
        Assert.True(keys.Add(Plan().Key));
        Kernel.DefaultRoutes.Add(new DefaultRouteInfo(AddressFamily.InterNetwork, FakeKernel.Eth1, null));
        Assert.True(keys.Add(Plan().Key));
    }

    [Fact]
    public void The_key_does_not_change_with_what_only_describes_the_spec() => Assert.Equal(Plan().Key, Plan(
        Spec(TestSpec.Vip) with { Revision = 9, Issued = DateTimeOffset.UnixEpoch, DirectorVersion = "2.0" }).Key);

    [Fact]
    public void A_plan_changes_nothing_until_it_is_applied()
    {
        var plan = Plan();
        Assert.Equal("1 VIPs on eth0", plan.Summary);
        Assert.Empty(Kernel.Changes);
        Assert.NotEmpty(plan.FindDeviations());
        Assert.Empty(Kernel.Changes);
        plan.Apply();
        Assert.Contains($"add {TestSpec.Vip}", Kernel.Changes);
        Assert.Empty(Plan().FindDeviations());
    }

    [Fact]
    public void Until_a_plan_is_accepted_there_is_nothing_to_verify_and_nothing_to_read()
    {
        var plan = Plan();
        plan.Apply();
        Assert.Empty(_role.Verify(Kernel.Inventory()).Conditions);
        Assert.Equal("", _role.ReadSettings());
        plan.Accept();
        Assert.Contains(_role.Verify(Kernel.Inventory()).Conditions, static c => c.Name == "vip");
        Assert.NotEqual("", _role.ReadSettings());
    }

    [Fact]
    public void Problems_of_other_roles_do_not_hide_those_of_this_one()
    {
        var problems = new List<Problem> { new("tier2", "", "is unknown", "Remedy.") };
        Assert.Null(_role.Plan(Spec("224.0.0.1"), Kernel.Inventory(), problems));
        Assert.Equal(["tier2", "--vip"], problems.Select(static p => p.Option));
        Assert.NotNull(_role.Plan(Spec(TestSpec.Vip), Kernel.Inventory(), problems));
    }

    public override void Dispose()
    {
        _role.Dispose();
        base.Dispose();
    }

    private static ServerSpec Spec(string vip) => TestSpec.Of(TestSpec.Layer2(vip));

    private IRolePlan Plan(ServerSpec? spec = null)
    {
        var problems = new List<Problem>();
        var plan = _role.Plan(spec ?? Spec(TestSpec.Vip), Kernel.Inventory(), problems);
        Assert.Empty(problems);
        return plan!;
    }
}
