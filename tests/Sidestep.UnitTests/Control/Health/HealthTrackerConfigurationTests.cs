using Sidestep.Api.Status;
using Sidestep.Control.Health;
using Sidestep.Forwarding;
using Sidestep.Model;
using static Sidestep.UnitTests.Control.Health.TestChecks;

namespace Sidestep.UnitTests.Control.Health;

/// <summary>What health a server has when the configuration, the encapsulation or the daemon changes.</summary>
public sealed class HealthTrackerConfigurationTests
{
    private readonly ManualTime _time = new();
    private readonly List<HealthChange> _changes = [];

    [Fact]
    public void Check_keeps_its_status_and_takes_the_new_settings_of_its_monitor()
    {
        var tracker = Tracker();
        Apply(tracker, Configuration(1, Tcp));
        tracker.Record(Key(1), ProbeResult.Success);
        var tolerant = Configuration(1, Tcp with { Fall = 3 });
        Assert.Equal([1], Healthy(tracker, tolerant));
        tracker.Record(Key(1), ProbeResult.Failure("1"));
        tracker.Record(Key(1), ProbeResult.Failure("2"));
        Assert.Equal([1], Healthy(tracker, tolerant));
        tracker.Record(Key(1), ProbeResult.Failure("3"));
        Assert.Equal([], Healthy(tracker, tolerant));
    }

    [Fact]
    public void Pool_that_requires_fewer_monitors_admits_a_server_at_once()
    {
        var other = Tcp with { Name = "other" };
        var tracker = Tracker();
        Apply(tracker, Configuration(1, Tcp, other));
        tracker.Record(Key(1), ProbeResult.Success);
        tracker.Record(Key(1, "other"), ProbeResult.Failure("no reply"));
        Assert.Equal(["down"], _changes.Select(static c => c.IsHealthy ? "up" : "down"));
        var one = Configuration(1, static p => p with { MinHealthyMonitors = new MinHealthyMonitors(1) }, Tcp, other);
        Apply(tracker, one);
        Assert.Equal(["down", "up"], _changes.Select(static c => c.IsHealthy ? "up" : "down"));
        Assert.Equal([1], Healthy(tracker, one));
    }

    [Fact]
    public void Server_that_no_monitor_can_check_is_healthy()
    {
        // The service is TCP, so the UDP monitor has no target.
        var configuration = Configuration(1, Tcp with { Type = MonitorType.Udp });
        var tracker = Tracker();
        Apply(tracker, configuration);
        Assert.Equal([1], Healthy(tracker, configuration));
        Assert.Equal(HealthStatus.NotChecked, tracker.Report()[0].DsrPath);
    }

    [Fact]
    public void Pool_that_gets_monitors_keeps_its_servers_until_the_checks_have_a_status()
    {
        var tracker = Tracker();
        Apply(tracker, Configuration(2));
        var monitored = Configuration(2, Tcp);
        Assert.Equal([1, 2], Healthy(tracker, monitored));
        tracker.Record(Key(2), ProbeResult.Failure("no reply"));
        Assert.Equal([1], Healthy(tracker, monitored));
    }

    [Theory]
    [InlineData(ServerState.Enabled, 1, true)]
    [InlineData(ServerState.Enabled, 0, false)]
    [InlineData(ServerState.Draining, 1, true)]
    [InlineData(ServerState.Disabled, 1, false)]
    public void Only_a_server_with_traffic_is_inherited(ServerState state, int weight, bool isInherited)
    {
        var tracker = Tracker();
        Apply(tracker,
            Configuration(2, p => p
                with
            { Servers = [p.Servers[0] with { State = state, Weight = weight }, p.Servers[1]] }));
        Assert.Equal(isInherited ? [1, 2] : [2], Healthy(tracker, Configuration(2, Tcp)));
    }

    [Fact]
    public void Server_that_was_added_with_the_monitors_is_not_inherited()
    {
        var tracker = Tracker();
        Apply(tracker, Configuration(1));
        Assert.Equal([1], Healthy(tracker, Configuration(2, Tcp)));
    }

    [Fact]
    public void Removed_server_loses_its_health_and_its_group_keeps_the_others()
    {
        var tracker = Tracker();
        var both = Configuration(2, Tcp);
        Apply(tracker, both);
        tracker.Record(Key(1), ProbeResult.Success);
        tracker.Record(Key(2), ProbeResult.Success);
        Apply(tracker, Configuration(1, Tcp));
        Apply(tracker, both);
        Assert.Equal([1], Healthy(tracker, both));
    }

    [Fact]
    public void Sets_of_unchanged_groups_are_the_same_instances()
    {
        var tracker = Tracker();
        var configuration = Configuration(1, Tcp);
        var first = Apply(tracker, configuration);
        Assert.Same(first.Groups[0], Apply(tracker, configuration, first).Groups[0]);
        tracker.Record(Key(1), ProbeResult.Success);
        Assert.NotSame(first.Groups[0], Apply(tracker, configuration, first).Groups[0]);
    }

    [Theory]
    [InlineData("pool", "l2", "10.0.0.1", true, true)]
    // Another encapsulation of the pool, when the same one is not reported.
    [InlineData("pool", "gre", "10.0.0.1", true, true)]
    [InlineData("pool", "l2", "10.0.0.1", false, false)]
    [InlineData("other", "l2", "10.0.0.1", true, false)]
    [InlineData("pool", "l2", "10.0.0.9", true, false)]
    [InlineData("pool", "l2", "no address", true, false)]
    public void Saved_health_of_an_earlier_daemon_counts_for_servers_of_the_same_pool(
        string pool, string encap, string address, bool healthy, bool expected)
    {
        var tracker = Tracker(Saved(new SavedServerHealth(pool, encap, address, healthy)));
        Assert.Equal(expected ? [1] : [], Healthy(tracker, Configuration(1, Tcp)));
    }

    [Fact]
    public void Saved_health_of_the_same_encapsulation_takes_precedence()
    {
        var tracker =
            Tracker(Saved(new SavedServerHealth("pool", "l2", "10.0.0.1", false),
                new SavedServerHealth("pool", "gre", "10.0.0.1", true)));
        Assert.Equal([], Healthy(tracker, Configuration(1, Tcp)));
    }

    [Fact]
    public void Saved_health_of_an_earlier_daemon_is_used_only_until_tables_are_applied()
    {
        var tracker = Tracker(Saved(new SavedServerHealth("pool", "l2", "10.0.0.1", true)));
        Apply(tracker, Configuration(1));
        var running = Configuration(1, static p => p with { Servers = [p.Servers[0] with { Weight = 0 }] });
        Apply(tracker, running);
        Assert.Equal([], Healthy(tracker, Configuration(1, Tcp)));
    }

    [Fact]
    public void Group_in_the_running_tables_takes_precedence_over_another_of_the_same_pool()
    {
        var healthy = Apply(Tracker(), Configuration(1)).Groups[0];
        var failed = healthy with
        {
            Servers = [healthy.Servers[0] with { HasFailed = true, Weight = 0, Flows = FlowState.Move }],
        };
        var gre = new GroupKey(PoolKey.InDefault("pool"), new Encap(ForwardingMode.Gre));
        HealthTracker With(params ServerGroup[] groups) =>
            new(_time, new RunningGroups(default, [.. groups]), null, null, _changes.Add);
        Assert.Equal([], Healthy(With(healthy with { Key = gre }, failed), Configuration(1, Tcp)));
        Assert.Equal([1], Healthy(With(healthy with { Key = gre }), Configuration(1, Tcp)));
        Assert.Equal([],
            Healthy(
                With(healthy with { Key = new GroupKey(PoolKey.InDefault("other"), Encap.Layer2) }),
                    Configuration(1, Tcp)));
    }

    [Fact]
    public void Draining_server_of_the_running_tables_is_inherited()
    {
        var group = Apply(Tracker(), Configuration(1)).Groups[0];
        var draining = group
            with
        { Servers = [group.Servers[0] with { Weight = 0, DrainingSince = DateTimeOffset.UnixEpoch }] };
        var tracker = new HealthTracker(_time, new RunningGroups(default, [draining]), null, null, _changes.Add);
        Assert.Equal([1], Healthy(tracker, Configuration(1, Tcp)));
    }

    private HealthTracker Tracker(SavedHealth? saved = null) => new(_time, null, saved, null, _changes.Add);

    private static SavedHealth Saved(params SavedServerHealth[] servers) => new() { Servers = [.. servers] };

    /// <summary>Numbers of the servers that the tables let have traffic.</summary>
    private static int[] Healthy(HealthTracker tracker, EffectiveConfiguration configuration) =>
        [.. Apply(tracker, configuration).Groups[0].Slots.Members
            .Select(static m => (int)m.Address.GetAddressBytes()[3]).Order()];
}
