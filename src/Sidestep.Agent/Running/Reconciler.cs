using Sidestep.Agent.Host;
using Sidestep.Agent.Input;
using Sidestep.Agent.Roles;
using Sidestep.Api;

namespace Sidestep.Agent.Running;

/// <summary>Compares the host with the requested spec: applies a new spec, and repairs what other programs change.
/// While the requested spec is invalid, it maintains the last valid one.</summary>
/// <remarks>For one thread, that of the event loop. Errors are those of <see cref="IAgentRole"/>; the caller tries
/// again.</remarks>
internal sealed class Reconciler
{
    private const string ProblemsKey = "problems";
    private readonly Request _request;
    private readonly IReadOnlyList<IAgentRole> _roles;
    private readonly IHostKernel _kernel;
    private readonly SharedState _shared;
    private readonly DriftRepair _repair;
    private readonly ILogger _log;
    private readonly OngoingErrors _errors = new();
    private readonly string[] _appliedKeys;
    private string _settings = "";
    private ServerSpec? _invalid;

    public Reconciler(Request request, IReadOnlyList<IAgentRole> roles, IHostKernel kernel, SharedState shared,
        DriftRepair repair, ILogger log)
    {
        _request = request;
        _roles = roles;
        _kernel = kernel;
        _shared = shared;
        _repair = repair;
        _log = log;
        _appliedKeys = [.. roles.Select(static _ => "")];
    }

    /// <summary>The spec that the host is configured by; null before the first.</summary>
    public ServerSpec? MaintainedSpec { get; private set; }

    /// <summary>Why the requested spec is invalid; empty: it is valid, or there is none.</summary>
    public IReadOnlyList<string> Problems { get; private set; } = [];

    /// <summary>True: a spec is requested that is neither maintained nor known to be invalid.</summary>
    public bool HasNewSpec => _shared.RequestedSpec is { } spec && !ReferenceEquals(spec, MaintainedSpec)
        && !ReferenceEquals(spec, _invalid);

    /// <summary>Reads the settings whose changes the kernel does not notify.</summary>
    /// <returns>True: they differ from the last reading.</returns>
    public bool ReadSettings()
    {
        var before = _settings;
        _settings = string.Join('/', _roles.Select(static r => r.ReadSettings()));
        return _settings != before;
    }

    /// <summary>Does everything that the requested spec requires now.</summary>
    public void Reconcile()
    {
        if (_shared.RequestedSpec is not { } spec)
            return;
        var host = _kernel.ReadInventory();
        var problems = new List<Problem>();
        var plans = _roles.Select(r => r.Plan(spec, host, problems)).ToList();
        Problems = [.. problems.Select(static p => p.ToString())];
        _invalid = problems.Count > 0 ? spec : null;
        if (problems.Count > 0)
        {
            if (_errors.IsNew(ProblemsKey, string.Join('\n', Problems)))
                problems.ForEach(p => _log.SpecInvalid(p.ToLine()));
            _shared.ReportWithin(TimeSpan.Zero);
            RepairMaintained(host);
            return;
        }
        _errors.End(ProblemsKey);
        CarryOut(spec, [.. plans.Select(static p => p!)]);
    }

    private void CarryOut(ServerSpec spec, IReadOnlyList<IRolePlan> plans)
    {
        var changed = Enumerable.Range(0, plans.Count).Where(i => plans[i].Key != _appliedKeys[i]).ToList();
        foreach (var plan in plans.Where((_, i) => !changed.Contains(i)))
            Repair(plan);
        foreach (var i in changed)
            plans[i].Apply();
        if (changed.Count > 0)
            NoteApplied(spec, plans);
        MaintainedSpec = spec;
        foreach (var plan in plans)
            plan.Accept();
        if (changed.Count > 0)
            ReadSettings();
    }

    private void NoteApplied(ServerSpec spec, IReadOnlyList<IRolePlan> plans)
    {
        LastSpec.Write(_request.StateDirectory, spec);
        if (MaintainedSpec is null || MaintainedSpec.Revision != spec.Revision)
            _log.SpecApplied(spec.Revision, string.Join("; ", plans.Select(static p => p.Summary)));
        for (var i = 0; i < plans.Count; i++)
            _appliedKeys[i] = plans[i].Key;
        _shared.ReportWithin(TimeSpan.Zero);
    }

    private void RepairMaintained(HostInventory host)
    {
        if (MaintainedSpec is not { } spec)
            return;
        foreach (var role in _roles)
        {
            if (role.Plan(spec, host, []) is { } plan)
                Repair(plan);
        }
    }

    /// <summary>In report-only mode, deviations appear as conditions of the next report and are not repaired.</summary>
    private void Repair(IRolePlan plan)
    {
        if (_request.Reconciles && _repair.Repair(plan.FindDeviations()))
            _shared.ReportWithin(TimeSpan.Zero);
    }
}
