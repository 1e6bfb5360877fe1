using Sidestep.Agent;
using Sidestep.Agent.Actions;
using Sidestep.Agent.Running;
using Sidestep.Api;
using Sidestep.Native;
using Sidestep.UnitTests.Control;

namespace Sidestep.UnitTests.Agent.Running;

public sealed class DriftRepairTests
{
    private readonly ManualTime _time = new();
    private readonly List<string> _log = [];
    private readonly List<int> _events = [];
    private readonly DriftRepair _repair;
    private int _repairs;

    public DriftRepairTests() => _repair = new DriftRepair(_time, new EventSink((id, text) =>
    {
        _events.Add(id);
        _log.Add(text);
    }));

    [Fact]
    public void Drift_is_repaired_logged_and_recorded()
    {
        Assert.True(_repair.Repair([Deviation(() => _time.Advance(TimeSpan.FromMilliseconds(3)))]));
        Assert.Equal(["drift: vip 203.0.113.10 was absent; repaired (added to lo)"], _log);
        Assert.Equal([603], _events);
        var noticed = DateTimeOffset.UnixEpoch;
        Assert.Equal([new Drift("vip", "203.0.113.10", "absent", noticed, noticed.AddMilliseconds(3))],
            _repair.Drifts.All);
    }

    [Fact]
    public void A_change_of_the_spec_is_no_drift()
    {
        Assert.False(_repair.Repair([Deviation(() => _repairs++) with { IsDrift = false }]));
        Assert.Equal(1, _repairs);
        Assert.Equal(["added to lo"], _log);
        Assert.Equal([602], _events);
        Assert.Empty(_repair.Drifts.All);
        Assert.False(_repair.Repair([]));
    }

    [Fact]
    public void A_failed_repair_is_logged_once_and_again_after_a_success()
    {
        var deviation = Deviation(static () => throw new IOException("io"));
        _repair.Repair([deviation]);
        _repair.Repair([deviation]);
        Assert.Equal([604], _events);
        _repair.Repair([Deviation(() => _repairs++)]);
        _repair.Repair([deviation]);
        Assert.Equal([604, 603, 604], _events);
    }

    [Fact]
    public void A_repair_that_fails_is_recorded_as_not_repaired_and_the_next_is_tried()
    {
        Exception[] errors = [new NativeException("netlink", 1), new AgentException("read-only", "Remedy."),
            new IOException("io"), new UnauthorizedAccessException("denied"), new FormatException("a bug")];
        Assert.True(_repair.Repair([.. errors.Select((e, i) => Deviation(() => throw e) with { Subject = $"{i}" }),
            Deviation(() => _repairs++)]));
        Assert.Equal(1, _repairs);
        Assert.Equal(5, _repair.Drifts.All.Count(static d => d.Repaired is null));
        Assert.Equal(("vip 1 is absent and cannot be repaired: read-only", 604),
            (_log[1], _events[1]));
    }

    [Fact]
    public void A_repair_that_keeps_failing_is_logged_once()
    {
        for (var i = 0; i < 3; i++)
            _repair.Repair([Deviation(static () => throw new IOException("io"))]);
        Assert.Equal(["vip 203.0.113.10 is absent and cannot be repaired: io"], _log);
    }

    [Fact]
    public void A_failed_change_of_the_spec_is_thrown() =>
        Assert.Throws<IOException>(() =>
            _repair.Repair([Deviation(static () => throw new IOException()) with { IsDrift = false }]));

    [Fact]
    public void Another_program_that_reverts_every_repair_starts_the_back_off()
    {
        for (var i = 0; i < 20; i++)
            Assert.True(_repair.Repair([Deviation(() => _repairs++)]));
        Assert.Equal(10, _repairs);
        Assert.Equal(
            "vip 203.0.113.10: another program changed it 10 times within 60 s. The agent does not repair it for 5 "
            + "minutes: "
            + "find the other program, and let only one of the two manage it.", _log[10]);
        Assert.Equal(11, _log.Count);
        Assert.Equal(605, _events[10]);
        var drift = Assert.Single(_repair.Drifts.All);
        Assert.Equal((11, null), (drift.Times, drift.Repaired));
        Assert.Equal(("vip", "203.0.113.10", DateTimeOffset.UnixEpoch.AddMinutes(5)),
            Assert.Single(_repair.BackingOff));
    }

    [Fact]
    public void The_drift_log_counts_the_same_change_and_drops_the_oldest()
    {
        var log = new DriftLog();
        var at = DateTimeOffset.UnixEpoch;
        for (var i = 0; i < 64; i++)
            log.Add("vip", $"{i}", "absent", at, null);
        log.Add("vip", "0", "absent", at.AddSeconds(1), at.AddSeconds(2));
        Assert.Equal((64, new Drift("vip", "0", "absent", at.AddSeconds(1), at.AddSeconds(2), 2)),
            (log.All.Count, log.All[^1]));
        log.Add("vip", "0", "/24 on lo", at, null);
        Assert.Equal((64, "2", 1), (log.All.Count, log.All[0].Subject, log.All[^1].Times));
    }

    private static Deviation Deviation(Action repair) => new("vip", "203.0.113.10", "absent", "added to lo", repair);
}
