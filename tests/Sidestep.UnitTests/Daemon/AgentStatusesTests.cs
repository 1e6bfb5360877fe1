using Sidestep.Api;
using Sidestep.Control.Agents;
using Sidestep.Daemon;
using Sidestep.Model;
using Sidestep.UnitTests.Control;

namespace Sidestep.UnitTests.Daemon;

public sealed class AgentStatusesTests
{
    private readonly ManualTime _time = new();
    private readonly AgentRegistry _agents;

    public AgentStatusesTests()
    {
        _agents = new AgentRegistry(new DrainOverlay(), "1.0", _time);
        _agents.Applied(TestDirector.Effective, TestDirector.NextHops);
    }

    [Fact]
    public void Without_a_configuration_there_are_no_agents() => Assert.Empty(AgentStatuses.Of(null, _agents));

    [Fact]
    public void Every_server_is_listed_with_its_last_report()
    {
        _time.Advance(TimeSpan.FromSeconds(9));
        _agents.Report(RealServerKey.InDefault("web2"), new AgentReport
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
        var agents = AgentStatuses.Of(TestDirector.Effective, _agents);
        Assert.Equal(["web1", "web2", "dns1"], agents.Select(static a => a.Server));
        var (silent, reported) = (agents[0], agents[1]);
        Assert.Equal((false, null, false, AdminStates.Enabled),
            (silent.Connected, silent.LastReport, silent.Healthy, silent.AdminState));
        Assert.Empty(silent.Conditions);
        Assert.Equal((true, DateTimeOffset.UnixEpoch.AddSeconds(9), false, AdminStates.Draining, "1.0"),
            (reported.Connected, reported.LastReport, reported.Healthy, reported.AdminState, reported.Version));
        Assert.Equal([ConditionNames.Vip], reported.Conditions.Select(static c => c.Name));

        _time.Advance(AgentRegistry.SilentAfter + TimeSpan.FromSeconds(1));
        Assert.False(AgentStatuses.Of(TestDirector.Effective, _agents)[1].Connected);
    }

    [Fact]
    public void Server_name_of_several_pools_is_listed_once()
    {
        var configuration = TestDirector.With("name: dns1,", "name: web1,");
        Assert.Equal(["web1", "web2"],
            AgentStatuses.Of(new(configuration), _agents).Select(static a => a.Server));
    }
}
