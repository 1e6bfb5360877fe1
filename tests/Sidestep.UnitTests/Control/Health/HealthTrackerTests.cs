using System.Net;
using Sidestep.Api.Status;
using Sidestep.Control.Health;
using Sidestep.Forwarding;
using Sidestep.Model;

namespace Sidestep.UnitTests.Control.Health;

public sealed class HealthTrackerTests
{
    private static readonly IPAddress Vip = IPAddress.Parse("192.0.2.1");
    private static readonly VrfAddress One = VrfAddress.Parse("10.0.0.11"), Two = VrfAddress.Parse("10.0.0.12");
    private static readonly GroupKey Group = new(PoolKey.InDefault("pool"), Encap.Layer2);

    private static readonly HealthMonitor Path = new() { Name = "path", Type = MonitorType.Tcp };
    private static readonly HealthMonitor Own =
        new() { Name = "own", Type = MonitorType.Tcp, Probe = ProbePath.Server };

    private readonly List<string> _messages = [];
    private readonly FakeAgentReports _agents = new();
    private int _changes;

    [Fact]
    public void New_server_is_unhealthy_until_verified_and_the_tables_follow()
    {
        var (tracker, configuration) = Tracker();
        Assert.Equal([], Members(tracker, configuration));

        AddResults(tracker, One, "path", "gg");
        Assert.Equal(["10.0.0.11"], Members(tracker, configuration));
        Assert.Equal(1, _changes);

        AddResults(tracker, One, "path", "bb");
        Assert.Equal([], Members(tracker, configuration));
        Assert.Equal(["server1 up", "server1 down: path, 192.0.2.1 80: no answer"], _messages);
    }

    [Fact]
    public void All_slots_of_a_failed_server_move_at_once()
    {
        var (tracker, configuration) = Tracker();
        AddResults(tracker, One, "path", "gg");
        AddResults(tracker, Two, "path", "gg");
        var before = Compile(tracker, configuration, null);
        AddResults(tracker, One, "path", "bb");
        var after = Compile(tracker, configuration, before);

        var failed = after.Groups[0].Servers[0];
        Assert.Equal((FlowState.Move, 0, true), (failed.Flows, failed.Weight, failed.HasFailed));
        Assert.DoesNotContain(0, after.Groups[0].Transition?.PreviousServers ?? []);
    }

    [Fact]
    public void VIP_goes_out_of_service_with_its_last_healthy_server()
    {
        var (tracker, configuration) = Tracker();
        Assert.False(Compile(tracker, configuration, null).Vips[0].RespondsToArp);
        AddResults(tracker, One, "path", "gg");
        Assert.True(Compile(tracker, configuration, null).Vips[0].RespondsToArp);
    }

    [Fact]
    public void Servers_keep_their_health_after_a_restart_until_the_first_verdict()
    {
        var (first, configuration) = Tracker();
        AddResults(first, One, "path", "gg");
        var running = new RunningGroups(default, Compile(first, configuration, null).Groups);

        var (tracker, _) = Tracker(running: running, configuration: configuration);
        Assert.Equal(["10.0.0.11"], Members(tracker, configuration));
        AddResults(tracker, One, "path", "bb");
        Assert.Equal([], Members(tracker, configuration));
    }

    [Fact]
    public void Saved_health_replaces_lost_tables_after_an_upgrade()
    {
        var (first, _) = Tracker();
        AddResults(first, One, "path", "gg");
        var saved = first.SaveIfChanged()!;

        var (tracker, configuration) = Tracker(saved: saved);
        Assert.Equal(["10.0.0.11"], Members(tracker, configuration));
        AddResults(tracker, Two, "path", "gg");
        AddResults(tracker, One, "path", "bb");
        Assert.Equal(["10.0.0.12"], Members(tracker, configuration));

        // Tables of the earlier daemon take precedence.
        var (adopting, _) = Tracker(running: new RunningGroups(default, []), saved: saved);
        Assert.Equal([], Members(adopting, configuration));
    }

    [Fact]
    public void Changed_encapsulation_does_not_make_a_server_unhealthy()
    {
        var (tracker, configuration) = Tracker();
        AddResults(tracker, One, "path", "gg");
        _ = Compile(tracker, configuration, null);
        var routed = new EffectiveConfiguration(configuration.Desired
            with
        { NetworkProfiles = [configuration.Desired.NetworkProfiles[0] with { DsrType = DsrType.L3 }] });
        Assert.Equal(["10.0.0.11"], Members(tracker, routed));
    }

    [Fact]
    public void Server_without_a_working_DSR_path_is_unhealthy_whatever_else_succeeds()
    {
        var (tracker, configuration) = Tracker(new MinHealthyMonitors(1), Path, Own);
        AddResults(tracker, One, "own", "gg", throughDsrPath: false);
        Assert.Equal([], Members(tracker, configuration));
        AddResults(tracker, One, "path", "gg");
        Assert.Equal(["10.0.0.11"], Members(tracker, configuration));
        AddResults(tracker, One, "own", "bb", throughDsrPath: false);
        Assert.Equal(["10.0.0.11"], Members(tracker, configuration));
        Assert.Equal((HealthStatus.Up, HealthStatus.Down), Statuses(tracker));
        AddResults(tracker, One, "path", "bb");
        Assert.Equal([], Members(tracker, configuration));
    }

    [Fact]
    public void MinHealthyMonitors_all_requires_every_monitor_to_be_up()
    {
        var (tracker, configuration) = Tracker(MinHealthyMonitors.All, Path, Own);
        AddResults(tracker, One, "path", "gg");
        Assert.Equal([], Members(tracker, configuration));
        AddResults(tracker, One, "own", "gg", throughDsrPath: false);
        Assert.Equal(["10.0.0.11"], Members(tracker, configuration));
    }

    [Fact]
    public void Admission_waits_for_the_agent_but_not_for_its_later_reports()
    {
        var (tracker, configuration) = Tracker(admission: Admission.Default with { RequireAgent = true });
        AddResults(tracker, One, "path", "gg");
        Assert.Equal([], Members(tracker, configuration));
        Assert.True(Assert.Single(tracker.Report(), static s => s.Name == "server1").WaitsForAgent);
        Assert.Equal(0, _changes);
        _agents.Report(One, true);
        Assert.Equal((1, "server1 up"), (_changes, Assert.Single(_messages)));
        Assert.Equal(["10.0.0.11"], Members(tracker, configuration));
        _agents.Report(One, null);
        Assert.Equal(["10.0.0.11"], Members(tracker, configuration));
    }

    [Fact]
    public void Server_that_was_removed_must_be_verified_again()
    {
        var (tracker, configuration) = Tracker();
        AddResults(tracker, One, "path", "gg");
        var pool = configuration.Pools[0];
        var disabled = new EffectiveConfiguration(configuration.Desired
            with
        {
            Pools = [pool
                with { Servers = [pool.Servers[0] with { State = Sidestep.Model.ServerState.Disabled },
                    pool.Servers[1]] }]
        });
        _ = Compile(tracker, disabled, null);
        Assert.Equal([], Members(tracker, configuration));
    }

    private (HealthTracker, EffectiveConfiguration) Tracker(
        MinHealthyMonitors healthy = default, HealthMonitor? first = null, HealthMonitor? second = null,
            Admission? admission = null, RunningGroups? running = null,
        EffectiveConfiguration? configuration = null, SavedHealth? saved = null)
    {
        var tracker = new HealthTracker(TimeProvider.System, running, saved, _agents,
            c => _messages.Add($"{c.Server.Name} {(c.IsHealthy ? "up" : $"down: {c.Reason}")}"));
        tracker.Changed += () => _changes++;
        HealthMonitor[] monitors = second is null ? [first ?? Path] : [first!, second];
        var desired = configuration?.Desired ?? ControlLoopFixture
            .WithServers(new RealServer { Name = "server1", Address = One.Address },
            new RealServer { Name = "server2", Address = Two.Address });
        desired = desired with
        {
            HealthMonitors = [.. monitors],
            Pools = [desired.Pools[0]
                with { Monitors = [.. monitors.Select(static m => m.Name)], MinHealthyMonitors = healthy, Admission =
                    admission ?? Admission.Default }],
            VirtualServices = [desired.VirtualServices[0]
                with { Protocol = TransportProtocol.Tcp, Ports = [PortRange.One(80)] }],
        };
        configuration = new EffectiveConfiguration(desired);
        _ = Compile(tracker, configuration, null);
        return (tracker, configuration);
    }

    private static ForwardingTables Compile(HealthTracker tracker, EffectiveConfiguration configuration,
        ForwardingTables? previous)
    {
        var health = tracker.Evaluate(configuration);
        var hop = new NextHop(new EgressInterface(1, "eth0", default, IPAddress.Parse("10.0.0.1"), 1500), default);
        var hops =
            new NextHops([hop.Egress], new Dictionary<VrfAddress, NextHop> { [One] = hop, [Two] = hop },
                new Dictionary<VrfAddress, string>());
        var tables = TableCompiler.Compile(configuration, hops, previous, DateTimeOffset.UnixEpoch, health: health);
        tracker.Applied(configuration, tables, health);
        return tables;
    }

    private static string[] Members(HealthTracker tracker, EffectiveConfiguration configuration) =>
        [.. Compile(tracker, configuration, null).Groups[0].Slots.Members.Select(static m => m.Address.ToString())];

    private static void AddResults(HealthTracker tracker, VrfAddress server, string monitor, string results,
        bool throughDsrPath = true)
    {
        foreach (var result in results)
            tracker.Record(
                new CheckKey(Group, server, monitor, throughDsrPath ? Vip : server.Address, 80, throughDsrPath),
                result == 'g' ? ProbeResult.Success : ProbeResult.Failure("no answer"));
    }

    private static (HealthStatus, HealthStatus) Statuses(HealthTracker tracker)
    {
        var server = Assert.Single(tracker.Report(), static s => s.Name == "server1");
        return (server.DsrPath, server.Service);
    }

    private sealed class FakeAgentReports : IAgentReports
    {
        public event Action<VrfAddress, string>? PassiveSignalRaised
        {
            add { }
            remove { }
        }

        private readonly Dictionary<VrfAddress, bool?> _healthy = [];

        public event Action? Changed;

        public bool? IsHealthy(RealServer server) => _healthy.GetValueOrDefault(server.VrfAddress);

        public void Report(VrfAddress server, bool? isHealthy)
        {
            _healthy[server] = isHealthy;
            Changed?.Invoke();
        }
    }
}
