using Sidestep.Agent.Actions;
using Sidestep.Agent.Input;
using Sidestep.Agent.Running;
using Sidestep.Api;
using Sidestep.UnitTests.Agent.Roles;
using Sidestep.UnitTests.Control;

namespace Sidestep.UnitTests.Agent.Running;

/// <summary>One reconciler with two roles: what it does with each, and in which order.</summary>
public sealed class ReconcilerRolesTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly FakeKernel _kernel = new();
    private readonly ManualTime _time = new();
    private readonly List<string> _log = [], _steps = [];
    private readonly SharedState _shared;
    private readonly FakeRole _server, _tier2;
    private Reconciler _reconciler;

    public ReconcilerRolesTests()
    {
        _shared = new SharedState(_time, AdminStates.Enabled);
        (_server, _tier2) = (new FakeRole("server", _steps), new FakeRole("tier2", _steps));
        _reconciler = New(repairs: true);
    }

    [Fact]
    public void Without_a_spec_the_host_is_not_even_read()
    {
        _reconciler.Reconcile();
        Assert.Equal((0, false, null), (_kernel.Reads, _reconciler.HasNewSpec, _reconciler.MaintainedSpec));
    }

    [Fact]
    public void A_new_spec_is_applied_by_every_role_before_any_is_accepted()
    {
        Reconcile(7);
        Assert.Equal(["server apply 7", "tier2 apply 7", "server accept 7", "tier2 accept 7"], _steps);
        Assert.Equal(["spec revision 7 applied: key of revision 7; key of revision 7"], _log);
        Assert.Equal(7, LastSpec.Read(_folder.Path, _log.Add)!.Value.Spec.Revision);
        Assert.Equal((7L, false, TimeSpan.Zero),
            (_reconciler.MaintainedSpec!.Revision, _reconciler.HasNewSpec, _shared.ReportTime));
    }

    [Fact]
    public void Only_the_role_whose_plan_changed_applies_and_the_other_is_compared_with_the_host()
    {
        Reconcile(7);
        _steps.Clear();
        _tier2.Key = "other";
        Reconcile(8);
        Assert.Equal(["server compare 8", "tier2 apply 8", "server accept 8", "tier2 accept 8"], _steps);
    }

    [Fact]
    public void A_spec_that_one_role_rejects_changes_nothing_and_the_last_one_is_maintained()
    {
        Reconcile(7);
        _steps.Clear();
        _shared.StartReport();
        _tier2.Rejects = static s => s.Revision == 8 ? "is unknown" : null;
        Reconcile(8);
        Assert.Equal(["server compare 7", "tier2 compare 7"], _steps);
        Assert.Contains("error: tier2: is unknown", Assert.Single(_reconciler.Problems), StringComparison.Ordinal);
        Assert.Equal((7L, TimeSpan.Zero), (_reconciler.MaintainedSpec!.Revision, _shared.ReportTime));
        Reconcile(8);
        Assert.Equal(2, _log.Count);
    }

    [Fact]
    public void A_role_whose_last_plan_no_longer_fits_the_host_does_not_stop_the_repairs_of_the_other()
    {
        Reconcile(7);
        _steps.Clear();
        _server.Rejects = static _ => "does not fit";
        Reconcile(8);
        Assert.Equal(["tier2 compare 7"], _steps);
    }

    [Fact]
    public void What_failed_to_apply_is_applied_again()
    {
        _tier2.ApplyError = new IOException("busy");
        Assert.Throws<IOException>(() => Reconcile(7));
        Assert.Null(_reconciler.MaintainedSpec);
        Assert.True(_reconciler.HasNewSpec);
        _tier2.ApplyError = null;
        _reconciler.Reconcile();
        Assert.Equal(["server apply 7", "server apply 7", "tier2 apply 7"], _steps.Take(3));
    }

    [Fact]
    public void A_repair_makes_a_report_due_and_a_host_without_deviations_does_not()
    {
        Reconcile(7);
        _shared.StartReport();
        _reconciler.Reconcile();
        Assert.Equal(MonotonicTime.Never, _shared.ReportTime);
        _server.Deviations.Add(new Deviation("vip", "a", "absent", "added", () => _steps.Add("repaired")));
        _reconciler.Reconcile();
        Assert.Equal(TimeSpan.Zero, _shared.ReportTime);
        Assert.Contains("repaired", _steps);
    }

    [Fact]
    public void In_report_only_mode_nothing_is_compared()
    {
        _reconciler = New(repairs: false);
        Reconcile(7);
        Reconcile(8);
        Assert.DoesNotContain(_steps, static s => s.Contains("compare", StringComparison.Ordinal));
        Assert.Equal(8, _reconciler.MaintainedSpec!.Revision);
    }

    [Fact]
    public void Settings_of_any_role_that_differ_from_the_last_reading_are_noticed_once()
    {
        Assert.True(_reconciler.ReadSettings());
        Assert.False(_reconciler.ReadSettings());
        _tier2.Settings = "1";
        Assert.True(_reconciler.ReadSettings());
        Assert.False(_reconciler.ReadSettings());
        // What an apply itself changes is no news.
        _server.Settings = "2";
        Reconcile(7);
        Assert.False(_reconciler.ReadSettings());
    }

    public void Dispose() => _folder.Dispose();

    private Reconciler New(bool repairs)
    {
        var log = new EventSink(_log.Add);
        return new Reconciler(new Request { StateDirectory = _folder.Path, Reconciles = repairs }, [_server, _tier2],
            _kernel, _shared, new DriftRepair(_time, log), log);
    }

    private void Reconcile(long revision)
    {
        _shared.SetSpec(TestSpec.Of() with { Revision = revision });
        _reconciler.Reconcile();
    }
}
