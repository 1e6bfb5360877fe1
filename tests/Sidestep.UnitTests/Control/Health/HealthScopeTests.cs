using Sidestep.Api.Status;
using Sidestep.Control.Health;
using Sidestep.Forwarding;
using Sidestep.Model;
using static Sidestep.UnitTests.Control.Health.TestChecks;

namespace Sidestep.UnitTests.Control.Health;

/// <summary>Health per service: a server leaves the services whose checks fail, and serves the others.</summary>
public sealed class HealthScopeTests
{
    private static readonly ProbeResult Refused = ProbeResult.Failure("Connection refused");

    private readonly List<HealthChange> _changes = [];
    private readonly HealthTracker _tracker;

    public HealthScopeTests() => _tracker = new HealthTracker(new ManualTime(), null, null, null, _changes.Add);

    [Fact]
    public void Failed_check_takes_a_server_out_of_its_own_service_only()
    {
        var configuration = Start(2, 80, 81);
        Record(1, 81, Refused);
        Assert.Equal(("1 2", "2"), (Healthy(configuration, 80), Healthy(configuration, 81)));
        Assert.Equal(("pool/l2 for port81", "server1", false),
            (_changes[^1].Group, _changes[^1].Server.Name, _changes[^1].IsHealthy));
        Assert.Equal([("port80", true), ("port80", true), ("port81", false), ("port81", true)],
            _tracker.Report().Select(static r => (r.OfService, r.Healthy)));
    }

    [Fact]
    public void Pool_scope_takes_a_server_out_of_all_services()
    {
        var configuration = Start(2, static p => p with { HealthScope = HealthScope.Pool }, 80, 81);
        Record(1, 81, Refused);
        Assert.Equal(("2", "2"), (Healthy(configuration, 80), Healthy(configuration, 81)));
        Assert.Equal(["pool/l2"], _changes.Select(static c => c.Group).Distinct());
        Assert.Equal([null, null], _tracker.Report().Select(static r => r.OfService));
    }

    [Theory]
    [InlineData(64, HealthScope.Auto, 64)]
    [InlineData(65, HealthScope.Auto, 1)]
    [InlineData(65, HealthScope.Service, 65)]
    [InlineData(2, HealthScope.Pool, 1)]
    public void Many_services_of_a_pool_share_verdicts_unless_it_says_otherwise(
        int services, HealthScope scope, int groups) => Assert.Equal(groups, ConfiguredGroup.Of(
            Services(1, p => p with { HealthScope = scope }, [.. Enumerable.Range(1000, services)])).Count);

    /// <summary>The 65th service of a pool takes nothing away from the others.</summary>
    [Fact]
    public void Services_that_become_too_many_keep_the_servers_that_serve()
    {
        int[] ports = [.. Enumerable.Range(1000, 64)];
        Start(2, ports);
        var more = Services(2, static p => p, [.. ports, 2000]);
        Assert.Equal("1 2", Healthy(more, 1000));
        Record(1, 2000, Refused);
        Record(2, 2000, Refused);
        Assert.Equal("1 2", Healthy(more, 1000));
        var fewer = Services(2, static p => p, ports);
        Assert.Equal("1 2", Healthy(fewer, 1000));
        Record(1, 1001, Refused);
        Assert.Equal(("1 2", "2"), (Healthy(fewer, 1000), Healthy(fewer, 1001)));
    }

    [Fact]
    public void Service_that_is_added_gets_each_server_once_it_was_up_there()
    {
        Start(2, 80);
        var both = Services(2, static p => p, 80, 81);
        Assert.Equal(("1 2", ""), (Healthy(both, 80), Healthy(both, 81)));
        Record(2, 81, ProbeResult.Success);
        Record(1, 81, Refused);
        Assert.Equal(("1 2", "2"), (Healthy(both, 80), Healthy(both, 81)));
    }

    [Fact]
    public void Service_whose_checks_another_service_has_serves_at_once()
    {
        var status = Tcp with { Port = 8080 };
        var one = Services(2, static p => p, [80], status);
        Apply(_tracker, one);
        Record(1, 8080, ProbeResult.Success);
        Record(2, 8080, Refused);
        Assert.Equal("1", Healthy(one, 80));
        var both = Services(2, static p => p, [80, 81], status);
        Assert.Equal("1", Healthy(both, 81));
        Record(2, 8080, ProbeResult.Success);
        Assert.Equal(("1 2", "1 2"), (Healthy(both, 80), Healthy(both, 81)));
    }

    [Fact]
    public void Checks_that_services_have_in_common_run_once()
    {
        IReadOnlyCollection<Check> checks = [];
        _tracker.ChecksChanged += c => checks = c;
        Apply(_tracker, Services(2, static p => p, [80, 81], Tcp with { Port = 8080 }));
        Assert.Equal([Key(1) with { Port = 8080 }, Key(2) with { Port = 8080 }], checks.Select(static c => c.Key));
    }

    [Fact]
    public void Service_that_no_monitor_suits_has_the_servers_that_are_up_for_another_service()
    {
        var configuration = With(Start(2, 80, 81, 82), static s => s.Name == "port82"
            ? s with { Protocol = TransportProtocol.Udp } : s);
        Apply(_tracker, configuration);
        Assert.Equal("1 2", Healthy(configuration, 82));
        Record(1, 80, Refused);
        Assert.Equal("1 2", Healthy(configuration, 82));
        Record(1, 81, Refused);
        Assert.Equal("2", Healthy(configuration, 82));
        var report = _tracker.Report().First(static r => r is { OfService: "port82", Name: "server1" });
        Assert.Equal((false, HealthStatus.Down, "tcp, 192.0.2.1 80: Connection refused"),
            (report.Healthy, report.DsrPath, report.Error));
        Record(1, 80, ProbeResult.Success);
        Assert.Equal("1 2", Healthy(configuration, 82));
    }

    /// <summary>The echo of a service without TCP is no reason to judge the TCP services of its VIP by echo.</summary>
    [Fact]
    public void Service_does_not_retain_the_checks_of_another_one()
    {
        IReadOnlyCollection<Check> checks = [];
        _tracker.ChecksChanged += c => checks = c;
        static Pool Default(Pool pool) => pool with { Monitors = null };
        var udp = With(Services(1, Default, 80), static s => s with { Protocol = TransportProtocol.Udp });
        Apply(_tracker, udp);
        var echo = Assert.Single(checks).Key;
        _tracker.Record(echo, ProbeResult.Success);
        _tracker.Record(echo, ProbeResult.Success);
        Apply(_tracker, With(Services(1, Default, 80, 81), static s => s.Name == "port80"
            ? s with { Protocol = TransportProtocol.Udp } : s));
        Assert.Equal(["icmp 0", "tcp 81"], checks.Select(static c => $"{c.Key.Monitor} {c.Key.Port}").Order());
        Assert.Equal([1, 1], _tracker.Report().Select(static r => r.Checks.Length));
    }

    [Fact]
    public void Renamed_service_continues()
    {
        Start(2, 80, 81);
        var renamed = With(Services(2, static p => p, 80, 81), static s => s with { Name = $"new{s.Name}" });
        var tables = Apply(_tracker, renamed);
        Assert.All(tables.Groups, static g => Assert.Equal(2, g.Slots.Members.Length));
    }

    [Theory]
    [InlineData(HealthScope.Service, HealthScope.Pool)]
    [InlineData(HealthScope.Pool, HealthScope.Service)]
    public void Another_scope_keeps_the_servers_that_serve(HealthScope before, HealthScope after)
    {
        Start(2, p => p with { HealthScope = before }, 80, 81);
        var changed = Services(2, p => p with { HealthScope = after }, 80, 81);
        Assert.Equal(("1 2", "1 2"), (Healthy(changed, 80), Healthy(changed, 81)));
        Record(1, 81, Refused);
        Assert.Equal(after == HealthScope.Service ? "1 2" : "2", Healthy(changed, 80));
        Assert.Equal("2", Healthy(changed, 81));
    }

    [Fact]
    public void Next_daemon_knows_the_health_of_each_service()
    {
        var configuration = Start(2, 80, 81);
        Record(1, 81, Refused);
        var tables = Apply(_tracker, configuration);
        foreach (var (running, saved) in new (RunningGroups?, SavedHealth?)[]
            { (new RunningGroups(default, tables.Groups), null), (null, _tracker.SaveIfChanged()) })
        {
            var next = new HealthTracker(new ManualTime(), running, saved, null, static _ => { });
            Assert.Equal(("1 2", "2"), (Healthy(next, configuration, 80), Healthy(next, configuration, 81)));
        }
    }

    [Fact]
    public void Tables_of_an_earlier_version_have_the_servers_of_all_services()
    {
        var pool = Start(2, static p => p with { HealthScope = HealthScope.Pool }, 80, 81);
        var tables = Apply(_tracker, pool);
        var next = new HealthTracker(
            new ManualTime(), new RunningGroups(default, tables.Groups), null, null, static _ => { });
        var configuration = Services(2, static p => p, 80, 81);
        Assert.Equal(("1 2", "1 2"), (Healthy(next, configuration, 80), Healthy(next, configuration, 81)));
    }

    [Fact]
    public void Panic_mode_is_that_of_one_service()
    {
        var configuration = Start(2, 80, 81);
        foreach (var server in new[] { 1, 2 })
            Record(server, 81, ProbeResult.WrongAnswer("status 500"));
        Assert.Equal(("1 2", "1 2"), (Healthy(configuration, 80), Healthy(configuration, 81)));
        Assert.Equal([false, false, true, true], _tracker.Report().Select(static r => r.ServesInPanic));
    }

    private EffectiveConfiguration Start(int servers, params int[] ports) => Start(servers, static p => p, ports);

    /// <summary>Starts with servers that are up at each port.</summary>
    private EffectiveConfiguration Start(int servers, Func<Pool, Pool> change, params int[] ports)
    {
        var configuration = Services(servers, change, ports);
        Apply(_tracker, configuration);
        for (var server = 1; server <= servers; server++)
        {
            foreach (var port in ports)
                Record(server, port, ProbeResult.Success);
        }
        Apply(_tracker, configuration);
        return configuration;
    }

    private void Record(int server, int port, ProbeResult result) =>
        _tracker.Record(Key(server) with { Port = port }, result);

    private static EffectiveConfiguration Services(int servers, Func<Pool, Pool> change, params int[] ports) =>
        Services(servers, change, ports, Tcp);

    /// <summary>One TCP service for each port.</summary>
    private static EffectiveConfiguration Services(
        int servers, Func<Pool, Pool> change, int[] ports, HealthMonitor monitor)
    {
        var configuration = Configuration(servers, change, monitor);
        var service = configuration.Desired.VirtualServices[0];
        return new EffectiveConfiguration(configuration.Desired with
        {
            VirtualServices =
            [
                .. ports.Select(p => service with { Name = $"port{p}", Ports = [PortRange.One((ushort)p)] }),
            ],
        });
    }

    private static EffectiveConfiguration With(
        EffectiveConfiguration configuration, Func<VirtualService, VirtualService> change) =>
        new(configuration.Desired with
        {
            VirtualServices = [.. configuration.Desired.VirtualServices.Select(change)],
        });

    private string Healthy(EffectiveConfiguration configuration, int port) => Healthy(_tracker, configuration, port);

    /// <summary>The numbers of the servers with slots of the service at a port.</summary>
    private static string Healthy(HealthTracker tracker, EffectiveConfiguration configuration, int port)
    {
        var tables = Apply(tracker, configuration);
        var group = tables.Services.Single(s => s.Key.Name == $"port{port}").Group;
        return string.Join(' ', tables.Groups.Single(g => g.Key == group).Slots.Members
            .Select(static m => m.Address.GetAddressBytes()[3]).Order());
    }
}
