using System.Net;
using Sidestep.Api;
using Sidestep.Control.AddressConflicts;
using Sidestep.Control.Agents;
using Sidestep.Daemon;
using Sidestep.UnitTests.Control;

namespace Sidestep.UnitTests.Daemon;

public sealed class DirectorStatesTests
{
    private readonly ManualTime _time = new();
    private readonly AgentRegistry _agents;

    public DirectorStatesTests()
    {
        _agents = new AgentRegistry(new DrainOverlay(), "1.0", _time);
        _agents.Applied(TestDirector.Effective, TestDirector.NextHops);
    }

    [Fact]
    public void State_before_the_first_configuration_is_empty()
    {
        var state = DirectorStates.Of(null, "1.0", _agents, []);
        Assert.Equal(("", "1.0"), (state.Director, state.Version));
        Assert.Empty(state.Agents);
        Assert.Empty(state.Conflicts);
    }

    [Fact]
    public void Every_server_is_listed_with_its_last_report()
    {
        _time.Advance(TimeSpan.FromSeconds(9));
        _agents.Report("web2", new AgentReport
        {
            AgentVersion = "1.0",
            OperatingSystem = "linux",
            WallClock = DateTimeOffset.UnixEpoch,
            AdminState = AdminStates.Draining,
            Conditions =
            [
                new Condition(ConditionNames.Vip, "203.0.113.10", ConditionStatus.Wrong, "absent", "on lo", "remedy"),
                new Condition(ConditionNames.ArpIgnore, "eth0", ConditionStatus.Ok, "1", "1", ""),
            ],
        });
        var state = DirectorStates.Of(TestDirector.Effective, "1.0", _agents, []);
        Assert.Equal("edge1", state.Director);
        Assert.Equal(["web1", "web2", "dns1"], state.Agents.Select(static a => a.Server));
        var (silent, reported) = (state.Agents[0], state.Agents[1]);
        Assert.Equal((null, false, AdminStates.Enabled), (silent.LastReport, silent.IsHealthy, silent.AdminState));
        Assert.Empty(silent.Wrong);
        Assert.Equal((DateTimeOffset.UnixEpoch.AddSeconds(9), false, AdminStates.Draining),
            (reported.LastReport, reported.IsHealthy, reported.AdminState));
        Assert.Equal([$"{ConditionNames.Vip} 203.0.113.10: absent, expected on lo"], reported.Wrong);
    }

    [Fact]
    public void Server_name_of_several_pools_is_listed_once()
    {
        var configuration = TestDirector.With("name: dns1,", "name: web1,");
        var state = DirectorStates.Of(new(configuration), "1.0", _agents, []);
        Assert.Equal(["web1", "web2"], state.Agents.Select(static a => a.Server));
    }

    [Fact]
    public void Conflicts_are_passed_on()
    {
        var conflict = new VipConflict(IPAddress.Parse("203.0.113.10"), "02:00:00:00:00:99", "eth0", null,
            VipConflicts.UnknownHost,
            DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch, 1);
        Assert.Equal([conflict], DirectorStates.Of(null, "1.0", _agents, [conflict]).Conflicts);
    }
}
