using Sidestep.Control.Health;
using Sidestep.Forwarding;
using Sidestep.Model;
using static Sidestep.UnitTests.Control.Health.TestChecks;

namespace Sidestep.UnitTests.Control.Health;

/// <summary>Wrong answers of many servers at once: they keep their flows, and in panic mode get new ones.</summary>
public sealed class PanicModeTests
{
    private static readonly ProbeResult Wrong = ProbeResult.WrongAnswer("status code 500");
    private static readonly ProbeResult NoReply = ProbeResult.Failure("no reply within 1 s");

    private readonly List<HealthChange> _changes = [];
    private readonly HealthTracker _tracker;
    private int _raised;
    private EffectiveConfiguration _configuration = null!;
    private ForwardingTables? _tables;

    public PanicModeTests()
    {
        _tracker = new HealthTracker(new ManualTime(), null, null, null, _changes.Add);
        _tracker.Changed += () => _raised++;
    }

    [Fact]
    public void Broken_health_page_of_all_servers_takes_none_out()
    {
        Start(4);
        Record(Wrong, 1, 2);
        Assert.Equal([3, 4], Serving());
        Record(Wrong, 3);
        // One of four is healthy, which is less than half: all that answer serve.
        Assert.Equal([1, 2, 3, 4], Serving());
        Record(Wrong, 4);
        Assert.Equal([1, 2, 3, 4], Serving());
        Assert.All(_tracker.Report(), static s => Assert.Equal((false, true), (s.Healthy, s.ServesInPanic)));
        Record(ProbeResult.Success, 1, 2);
        Assert.Equal([1, 2], Serving());
    }

    [Fact]
    public void Servers_without_an_answer_leave_in_panic_mode_too()
    {
        Start(4);
        Record(NoReply, 1, 2, 3);
        Record(Wrong, 4);
        Assert.Equal([4], Serving());
        Record(NoReply, 4);
        Assert.Equal([], Serving());
        // It answers again, although wrongly.
        Record(Wrong, 2);
        Assert.Equal([2], Serving());
    }

    [Fact]
    public void Server_that_answers_wrongly_keeps_its_flows_and_one_without_an_answer_loses_them()
    {
        Start(4);
        Record(Wrong, 1);
        Record(NoReply, 2);
        Assert.Equal([3, 4], Serving());
        var servers = _tables!.Groups[0].Servers;
        Assert.Equal((FlowState.Keep, 0, true), (servers[0].Flows, servers[0].Weight, servers[0].HasFailed));
        Assert.Equal((FlowState.Move, 0, true), (servers[1].Flows, servers[1].Weight, servers[1].HasFailed));
        Assert.Contains(0, _tables.Groups[0].Transition!.PreviousServers);
        var raised = _raised;
        Record(NoReply, 1);
        Assert.Equal(FlowState.Move, _tables!.Groups[0].Servers[0].Flows);
        Assert.Equal(raised + 1, _raised);
    }

    [Fact]
    public void New_servers_that_were_never_healthy_neither_serve_in_panic_mode_nor_cause_it()
    {
        Start(1);
        Change(4, static p => p);
        Assert.Equal([1], Serving());
        Record(Wrong, 2, 3, 4);
        Assert.Equal([1], Serving());
        Assert.All(_tables!.Groups[0].Servers.Skip(1), static s => Assert.Equal(FlowState.Move, s.Flows));
        Record(Wrong, 1);
        Assert.Equal([1], Serving());
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(50, 0)]
    [InlineData(51, 2)]
    public void Threshold_is_the_least_healthy_share(int threshold, int serving)
    {
        Start(4, p => p with { PanicThreshold = threshold });
        Record(Wrong, 1, 2);
        Assert.Equal(serving + 2, Serving().Length);
    }

    [Fact]
    public void Changed_threshold_takes_effect_at_once()
    {
        Start(2, static p => p with { PanicThreshold = 0 });
        Record(Wrong, 1, 2);
        Assert.Equal([], Serving());
        var raised = _raised;
        Change(2, static p => p);
        Assert.Equal(raised + 1, _raised);
        Assert.Equal([1, 2], Serving());
    }

    [Fact]
    public void Healthy_backup_server_serves_instead_of_panic_mode()
    {
        Start(3, static p => p with { Servers = [p.Servers[0], p.Servers[1], p.Servers[2] with { Backup = true }] });
        Record(Wrong, 1, 2);
        Assert.Equal([3], Serving());
        Record(NoReply, 3);
        Assert.Equal([1, 2], Serving());
    }

    [Fact]
    public void Next_daemon_continues_panic_mode_until_its_own_probes_say_more()
    {
        Start(2);
        Record(Wrong, 1, 2);
        var running = new RunningGroups(default, _tables!.Groups);
        var next = new HealthTracker(new ManualTime(), running, _tracker.SaveIfChanged(), null, _changes.Add);
        Assert.Equal([1, 2], Members(Apply(next, _configuration)));
        next.Record(Key(1), Wrong);
        next.Record(Key(2), NoReply);
        Assert.Equal([1], Members(Apply(next, _configuration)));
    }

    [Fact]
    public void Pool_in_panic_mode_counts_as_serving_but_not_as_verified()
    {
        Start(2);
        Record(Wrong, 1, 2);
        var health = _tracker.Evaluate(_configuration);
        var pool = _configuration.Pools[0];
        var group = _configuration.GroupOf(pool, Encap.Layer2, ServiceKey.InDefault("s0"));
        Assert.Equal((true, false), (health.HasServing(group, pool), health.HasHealthy(group, pool)));
    }

    private void Start(int servers, Func<Pool, Pool>? change = null)
    {
        Change(servers, change ?? (static p => p));
        Record(ProbeResult.Success, [.. Enumerable.Range(1, servers)]);
    }

    private void Change(int servers, Func<Pool, Pool> change)
    {
        _configuration = Configuration(servers, change, Tcp);
        _tables = Apply(_tracker, _configuration, _tables);
    }

    private void Record(ProbeResult result, params int[] servers)
    {
        foreach (var server in servers)
            _tracker.Record(Key(server), result);
        _tables = Apply(_tracker, _configuration, _tables);
    }

    private int[] Serving() => Members(_tables = Apply(_tracker, _configuration, _tables));

    private static int[] Members(ForwardingTables tables) =>
        [.. tables.Groups[0].Slots.Members.Select(static m => (int)m.Address.GetAddressBytes()[3]).Order()];
}
