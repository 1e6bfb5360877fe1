using Sidestep.Api.Status;
using Sidestep.Control.Health;
using Sidestep.Forwarding;
using Sidestep.Model;
using static Sidestep.UnitTests.Control.Health.TestChecks;

namespace Sidestep.UnitTests.Control.Health;

/// <summary>Reports, notifications and figures of the tracker.</summary>
public sealed class HealthTrackerReportTests
{
    private static readonly HealthMonitor Own = Tcp with { Name = "own", Probe = ProbePath.Server };
    private readonly ManualTime _time = new();
    private readonly List<HealthChange> _changes = [];
    private readonly HealthTracker _tracker;
    private int _raised;

    public HealthTrackerReportTests()
    {
        _tracker = new HealthTracker(_time, null, null, null, _changes.Add);
        _tracker.Changed += () => _raised++;
    }

    [Fact]
    public void Report_has_every_server_with_its_checks()
    {
        Apply(_tracker, Configuration(2, Tcp, Own));
        _time.Advance(TimeSpan.FromSeconds(3));
        _tracker.Record(Key(2), ProbeResult.Success);
        _tracker.Record(Own2, ProbeResult.Failure("refused"));

        var report = _tracker.Report();
        Assert.Equal(["server1", "server2"], report.Select(static s => s.Name));
        var server = report[1];
        Assert.Equal(("pool", "l2", "10.0.0.2"), (server.Pool, server.Encap, server.Address.ToString()));
        Assert.Equal((false, HealthStatus.Up, HealthStatus.Down), (server.Healthy, server.DsrPath, server.Service));
        Assert.Equal(("own, 10.0.0.2 80 at the server's own address: refused", Second(3)), (server.Error,
            server.ErrorAt));
        Assert.False(server.WaitsForAgent);
        Assert.Equal(
            [
                new HealthCheckReport
                {
                    Monitor = "tcp",
                    Target = "192.0.2.1 80",
                    ProbePath = "dsr-path",
                    Status = HealthStatus.Up,
                    Responds = true,
                    Since = Second(3),
                },
                new HealthCheckReport
                {
                    Monitor = "own",
                    Target = "10.0.0.2 80",
                    ProbePath = "server",
                    Status = HealthStatus.Down,
                    Unproven = true,
                    Since = Second(3),
                    Error = "refused",
                    ErrorAt = Second(3),
                },
            ], server.Checks);
        Assert.Equal((HealthStatus.Unknown, HealthStatus.Unknown, null),
            (report[0].DsrPath, report[0].Service, report[0].Error));
    }

    [Fact]
    public void Report_is_ordered_by_group_and_then_by_name()
    {
        var written = Configuration(2, static p => p with { Servers = [p.Servers[1], p.Servers[0]] }, Tcp);
        var other = written.Pools[0] with { Name = "a" };
        var service = written.Desired.VirtualServices[0];
        Apply(_tracker, new(written.Desired with
        {
            Pools = [written.Pools[0], other],
            VirtualServices = [service, service with { Name = "s1", Pool = "a", Ports = [PortRange.One(81)] }],
        }));
        Assert.Equal(
            ["a server1", "a server2", "pool server1", "pool server2"],
            _tracker.Report().Select(static s => $"{s.Pool} {s.Name}"));
    }

    [Fact]
    public void Target_without_ports_is_the_address_alone()
    {
        var icmp = Tcp with { Name = "icmp", Type = MonitorType.Icmp };
        Apply(_tracker, Configuration(1, icmp));
        Assert.Equal("192.0.2.1", _tracker.Report()[0].Checks[0].Target);
    }

    [Fact]
    public void Error_of_a_probe_that_was_not_sent_is_reported()
    {
        Apply(_tracker, Configuration(1, Tcp));
        _tracker.Record(Key(1), ProbeResult.NotSent("no route"));
        Assert.Equal("tcp, 192.0.2.1 80: no route", _tracker.Report()[0].Error);
    }

    [Fact]
    public void Health_is_saved_only_after_a_change()
    {
        Assert.Empty(_tracker.SaveIfChanged()!.Servers);
        Assert.Null(_tracker.SaveIfChanged());
        var configuration = Configuration(1, Tcp with { Rise = 2 });
        Apply(_tracker, configuration);
        Assert.Equal([("10.0.0.1", false, 0)], Saved());
        Apply(_tracker, configuration);
        Assert.Null(_tracker.SaveIfChanged());

        _tracker.Record(Key(1), ProbeResult.Success);
        Assert.Null(_tracker.SaveIfChanged());
        _tracker.Record(Key(1), ProbeResult.Success);
        Assert.Equal([("10.0.0.1", true, 1)], Saved());
        _tracker.Record(Key(1), ProbeResult.NotSent("no route"));
        Assert.Null(_tracker.SaveIfChanged());

        IEnumerable<(string Address, bool Healthy, int Checks)> Saved() => _tracker.SaveIfChanged()!.Servers
            .Select(static s => (s.Address, s.Healthy, s.VerifiedChecks.Length));
    }

    [Fact]
    public void Passive_signals_and_their_end_change_the_report_but_not_the_health()
    {
        Apply(_tracker, Configuration(1, Tcp));
        _tracker.RecordPassiveSignal(Address(1), "port unreachable");
        Assert.Equal(["port unreachable (1 times since 00:00:00, last at 00:00:00 UTC)"],
            _tracker.Report()[0].PassiveSignals);
        _time.Advance(TimeSpan.FromMinutes(6));
        _tracker.RecordPassiveSignal(Address(1), "port unreachable");
        Assert.Equal(["port unreachable (1 times since 00:06:00, last at 00:06:00 UTC)"],
            _tracker.Report()[0].PassiveSignals);
        _time.Advance(TimeSpan.FromMinutes(6));
        Assert.Empty(_tracker.Report()[0].PassiveSignals);
        Assert.Empty(_changes);
    }

    [Fact]
    public void Server_that_fails_before_it_had_traffic_is_notified_once_and_changes_no_tables()
    {
        var configuration = Configuration(1, Tcp);
        Apply(_tracker, configuration);
        var version = _tracker.Evaluate(configuration).Version;
        _time.Advance(TimeSpan.FromSeconds(2));
        _tracker.Record(Key(1), ProbeResult.Failure("refused"));
        _tracker.Record(Key(1), ProbeResult.Failure("refused"));
        Assert.Equal([new HealthChange("pool/l2", Server(1), false, "tcp, 192.0.2.1 80: refused")], _changes);
        Assert.Equal((1, Second(2)), (_raised, _tracker.Report()[0].Since));
        Assert.Equal(version, _tracker.Evaluate(configuration).Version);
    }

    [Fact]
    public void Each_change_of_health_is_notified_with_its_reason()
    {
        Apply(_tracker, Configuration(1, Tcp, Own));
        _tracker.Record(Key(1), ProbeResult.Success);
        Assert.Empty(_changes);
        _tracker.Record(Own2 with { Address = Address(1), Target = Address(1).Address }, ProbeResult.Success);
        _time.Advance(TimeSpan.FromSeconds(5));
        _tracker.Record(Key(1), ProbeResult.Failure("no reply"));
        Assert.Equal(
            [new HealthChange("pool/l2", Server(1), true, ""),
                new HealthChange("pool/l2", Server(1), false, "tcp, 192.0.2.1 80: no reply")],
            _changes);
        Assert.Equal(2, _raised);
        Assert.Equal(Second(5), _tracker.Report()[0].Since);
    }

    [Fact]
    public void Time_until_the_tables_follow_is_measured_once_for_each_change()
    {
        var configuration = Configuration(2, Tcp);
        Apply(_tracker, configuration);
        _tracker.Record(Key(1), ProbeResult.Success);
        _time.Advance(TimeSpan.FromMilliseconds(10));
        var outdated = _tracker.Evaluate(configuration);
        _tracker.Record(Key(2), ProbeResult.Success);
        _time.Advance(TimeSpan.FromMilliseconds(30));
        // The tables were compiled before the second change.
        _tracker.Applied(configuration, TableCompiler.Compile(configuration, NoHops), outdated);
        Assert.Equal((1L, 40d), (_tracker.Admission.Count, _tracker.Admission.MaxMilliseconds));
        Apply(_tracker, configuration);
        Apply(_tracker, configuration);
        Assert.Equal((2L, 0L), (_tracker.Admission.Count, _tracker.Removal.Count));

        _tracker.Record(Key(1), ProbeResult.Failure("no reply"));
        _time.Advance(TimeSpan.FromMilliseconds(5));
        Apply(_tracker, configuration);
        Assert.Equal((2L, 1L, 5d), (_tracker.Admission.Count, _tracker.Removal.Count,
            _tracker.Removal.MaxMilliseconds));
    }

    [Fact]
    public void Version_counts_changes_of_health()
    {
        var configuration = Configuration(2, Tcp);
        Apply(_tracker, configuration);
        Assert.Equal(0, _tracker.Evaluate(configuration).Version);
        _tracker.Record(Key(1), ProbeResult.Success);
        _tracker.Record(Key(2), ProbeResult.Success);
        Assert.Equal(2, _tracker.Evaluate(configuration).Version);
        _tracker.Record(Key(2), ProbeResult.Success);
        Assert.Equal(2, _tracker.Evaluate(configuration).Version);
    }

    [Fact]
    public void Checks_are_published_when_another_configuration_is_applied()
    {
        var published = new List<int>();
        _tracker.ChecksChanged += checks => published.Add(checks.Count);
        var configuration = Configuration(3, Tcp);
        Apply(_tracker, configuration);
        Apply(_tracker, configuration);
        Apply(_tracker, Configuration(2, Tcp, Own));
        Assert.Equal([3, 4], published);
    }

    [Fact]
    public void Result_of_an_unknown_check_is_ignored_and_counts_as_known()
    {
        Apply(_tracker, Configuration(1, Tcp with { Rise = 2 }));
        Assert.False(_tracker.Record(Key(1), ProbeResult.Success));
        Assert.True(_tracker.Record(Key(1), ProbeResult.Success));
        Assert.True(_tracker.Record(Key(1), ProbeResult.NotSent("no route")));
        Assert.True(_tracker.Record(Key(9), ProbeResult.Success));
    }

    [Fact]
    public void Servers_with_a_DSR_path_have_the_VIP_of_a_check_along_it()
    {
        Apply(_tracker, Configuration(3, Tcp, Own));
        _tracker.Record(Key(2), ProbeResult.Success);
        _tracker.Record(Own2 with { Address = Address(3), Target = Address(3).Address }, ProbeResult.Success);
        Assert.Equal([(Group, Address(2), "server2", TestChecks.Vip)], _tracker.ServersWithDsrPath());
    }

    private static CheckKey Own2 => new(Group, Address(2), "own", Address(2).Address, 80, false);

    private static NextHops NoHops =>
        new([], new Dictionary<VrfAddress, NextHop>(), new Dictionary<VrfAddress, string>());

    private static DateTimeOffset Second(int second) => DateTimeOffset.UnixEpoch.AddSeconds(second);
}
