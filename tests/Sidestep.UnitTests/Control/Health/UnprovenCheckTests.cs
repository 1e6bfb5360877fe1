using System.Net;
using Sidestep.Control.Health;
using Sidestep.Forwarding;
using Sidestep.Model;
using static Sidestep.UnitTests.Control.Health.TestChecks;

namespace Sidestep.UnitTests.Control.Health;

/// <summary>Checks that were never up: a port or a VIP that is added must not take down what works.</summary>
public sealed class UnprovenCheckTests
{
    private static readonly ProbeResult Refused = ProbeResult.Failure("Connection refused");

    private readonly HealthTracker _tracker = new(new ManualTime(), null, null, null, static _ => { });
    private readonly List<Check> _checks = [];

    public UnprovenCheckTests() => _tracker.ChecksChanged += checks =>
    {
        _checks.Clear();
        _checks.AddRange(checks);
    };

    [Fact]
    public void Added_port_that_no_server_serves_takes_no_server_down_until_it_was_up()
    {
        var configuration = StartAndAdd(2, 81);
        Record(1, 81, Refused);
        Record(2, 81, Refused);
        Assert.Equal([1, 2], Healthy(configuration));
        Assert.Equal([true, true], _tracker.Report().Select(static s => s.Checks.Single(static c => c.Unproven)
            .Target == "192.0.2.1 81"));
        Record(1, 81, ProbeResult.Success);
        Assert.Equal([1, 2], Healthy(configuration));
        Assert.DoesNotContain(_tracker.Report()[0].Checks, static c => c.Unproven);
        // From now on it counts, but not for the other server, which never served it.
        Record(1, 81, Refused);
        Assert.Equal([2], Healthy(configuration));
    }

    [Fact]
    public void Port_that_was_up_counts_also_beside_an_unproven_one()
    {
        var configuration = StartAndAdd(2, 81);
        Record(1, 81, Refused);
        Record(1, 80, Refused);
        Assert.Equal([2], Healthy(configuration));
        Record(1, 80, ProbeResult.Success);
        Assert.Equal([1, 2], Healthy(configuration));
    }

    [Fact]
    public void New_server_needs_every_port_that_another_server_serves()
    {
        var configuration = Ports(2, 80, 81);
        Apply(_tracker, configuration);
        Record(1, 80, ProbeResult.Success);
        Record(1, 81, ProbeResult.Success);
        Record(2, 80, ProbeResult.Success);
        Record(2, 81, Refused);
        Assert.Equal([1], Healthy(configuration));
        Record(2, 81, ProbeResult.Success);
        Assert.Equal([1, 2], Healthy(configuration));
    }

    [Fact]
    public void Port_that_no_server_serves_keeps_no_new_server_out_once_all_were_probed()
    {
        var configuration = Ports(2, 80, 81);
        Apply(_tracker, configuration);
        Record(1, 80, ProbeResult.Success);
        Record(1, 81, Refused);
        // Server 2 may serve it.
        Assert.Equal([], Healthy(configuration));
        Record(2, 81, Refused);
        Assert.Equal([1], Healthy(configuration));
        Record(2, 80, ProbeResult.Success);
        Assert.Equal([1, 2], Healthy(configuration));
    }

    [Fact]
    public void Server_without_any_check_that_was_ever_up_stays_out()
    {
        var configuration = Ports(2, 80, 81);
        Apply(_tracker, configuration);
        foreach (var port in new[] { 80, 81 })
        {
            Record(1, port, Refused);
            Record(2, port, Refused);
        }
        Assert.Equal([], Healthy(configuration));
    }

    [Fact]
    public void Many_new_VIPs_displace_no_check_that_was_up()
    {
        var configuration = Ports(1, 80);
        Apply(_tracker, configuration);
        Record(1, 80, ProbeResult.Success);
        var many = With(configuration, s => s with
        {
            Vips = [.. s.Vips, .. Enumerable.Range(1, 250).Select(static i => IPNetwork.Parse($"192.0.1.{i}/32"))],
        });
        Apply(_tracker, many);
        Assert.Equal(Limits.ProbedVips, _checks.Count);
        Assert.Contains(_checks, static c => c.Key == Key(1));
        foreach (var check in _checks.Where(static c => c.Key != Key(1)).ToArray())
            _tracker.Record(check.Key, Refused);
        Assert.Equal([1], Healthy(many));
        _tracker.Record(Key(1), Refused);
        Assert.Equal([], Healthy(many));
    }

    [Fact]
    public void New_first_port_of_a_service_does_not_replace_the_port_that_was_up()
    {
        Apply(_tracker, Ports(1, 80));
        Record(1, 80, ProbeResult.Success);
        var configuration = With(Ports(1, 80), static s => s with { Ports = [PortRange.One(79), PortRange.One(80)] });
        Apply(_tracker, configuration);
        Assert.Equal([79, 80], _checks.Select(static c => c.Key.Port).Order());
        Record(1, 79, Refused);
        Assert.Equal([1], Healthy(configuration));
    }

    [Fact]
    public void New_TCP_service_does_not_replace_the_echo_that_was_up_at_its_VIP()
    {
        static Pool Default(Pool pool) => pool with { Monitors = null, HealthScope = HealthScope.Pool };
        var tcp = Configuration(1, Default);
        var udp = With(tcp, static s => s with { Name = "udp", Protocol = TransportProtocol.Udp });
        Apply(_tracker, udp);
        var echo = Assert.Single(_checks).Key;
        _tracker.Record(echo, ProbeResult.Success);
        _tracker.Record(echo, ProbeResult.Success);
        Assert.Equal([1], Healthy(udp));
        var both = new EffectiveConfiguration(udp.Desired with
        {
            VirtualServices = [.. udp.Desired.VirtualServices, .. tcp.Desired.VirtualServices],
        });
        Apply(_tracker, both);
        var added = Assert.Single(_checks, c => c.Key != echo).Key;
        _tracker.Record(added, Refused);
        _tracker.Record(added, Refused);
        Assert.Equal([1], Healthy(both));
        _tracker.Record(echo, Refused);
        _tracker.Record(echo, Refused);
        Assert.Equal([], Healthy(both));
    }

    [Fact]
    public void Next_daemon_knows_which_checks_were_up()
    {
        var configuration = StartAndAdd(1, 81);
        Record(1, 81, Refused);
        var tables = Apply(_tracker, configuration);
        var next = new HealthTracker(
            new ManualTime(), new RunningGroups(default, tables.Groups), _tracker.SaveIfChanged(), null,
            static _ => { });
        Apply(next, configuration);
        next.Record(Key(1) with { Port = 81 }, ProbeResult.Success);
        Assert.Equal([1], Healthy(next, configuration));
        next.Record(Key(1), Refused);
        Assert.Equal([], Healthy(next, configuration));
    }

    [Fact]
    public void Only_checks_that_a_server_waits_for_run_faster_than_their_interval()
    {
        StartAndAdd(1, 81);
        Assert.All(_checks, static c => Assert.False(c.IsForAdmission));
        var slow = Tcp with { Interval = TimeSpan.FromSeconds(10), JitterPercent = 0 };
        var schedule = new ProbeSchedule(new Random(1));
        schedule.Set([new Check(Key(1), "server1", slow) { IsForAdmission = false }], TimeSpan.Zero);
        Assert.True(schedule.TryDequeue(TimeSpan.FromSeconds(10), out var entry));
        var due = entry.Due;
        schedule.Reschedule(entry, due);
        Assert.Equal(due + TimeSpan.FromSeconds(10), schedule.NextDue);
    }

    private EffectiveConfiguration StartAndAdd(int servers, int port)
    {
        Apply(_tracker, Ports(servers, 80));
        for (var server = 1; server <= servers; server++)
            Record(server, 80, ProbeResult.Success);
        var configuration = Ports(servers, 80, port);
        Apply(_tracker, configuration);
        return configuration;
    }

    private void Record(int server, int port, ProbeResult result) =>
        _tracker.Record(Key(server) with { Port = port }, result);

    private static EffectiveConfiguration Ports(int servers, params int[] ports)
    {
        var configuration = Configuration(servers, static p => p with { HealthScope = HealthScope.Pool }, Tcp);
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

    private int[] Healthy(EffectiveConfiguration configuration) => Healthy(_tracker, configuration);

    private static int[] Healthy(HealthTracker tracker, EffectiveConfiguration configuration) =>
        [.. Apply(tracker, configuration).Groups[0].Slots.Members
            .Select(static m => (int)m.Address.GetAddressBytes()[3]).Order()];
}
