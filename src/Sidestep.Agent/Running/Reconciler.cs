using System.Globalization;
using Sidestep.Agent.Actions;
using Sidestep.Agent.Host;
using Sidestep.Agent.Input;
using Sidestep.Agent.Output;
using Sidestep.Agent.Persistence;
using Sidestep.Agent.Programs;
using Sidestep.Agent.State;
using Sidestep.Api;
using Sidestep.Native;

namespace Sidestep.Agent.Running;

/// <summary>Applies specs, verifies the host and repairs what other programs change, at once.</summary>
/// <remarks>One thread does all the work in <see cref="Run"/>. Other threads pass in specs and read reports.</remarks>
internal sealed class Reconciler : IDisposable
{
    /// <summary>How often the sysctls are read, because the kernel does not notify changes of arp_ignore and
    /// arp_announce.</summary>
    public static readonly TimeSpan SettingsInterval = TimeSpan.FromMilliseconds(500);

    /// <summary>How long a loop waits for events.</summary>
    public static readonly TimeSpan EventTimeout = TimeSpan.FromMilliseconds(100);

    /// <summary>Time between reconciliations: at least, at most without an event, and after an error.</summary>
    public static readonly TimeSpan MinPassInterval = TimeSpan.FromMilliseconds(50),
        FullInterval = TimeSpan.FromSeconds(10), RetryDelay = TimeSpan.FromSeconds(2);

    /// <summary>How often the host's files are checked.</summary>
    public static readonly TimeSpan FilesInterval = TimeSpan.FromMinutes(1);

    private const int DefaultReportInterval = 2000, MinReportInterval = 100, MaxReportInterval = 60_000;
    private readonly Request _request;
    private readonly Action<string> _log;
    private readonly TimeProvider _time;
    private readonly IKernelEvents _events;
    private readonly IHostKernel _kernel;
    private readonly IReportSource _reportSource;
    private readonly DriftRepair _repair;
    private readonly ReportBuilder _reportBuilder;
    private readonly Lock _gate = new();
    private readonly Dictionary<string, string> _logged = [];

    // Shared between threads, under _gate.
    private ServerSpec? _requestedSpec;
    private AgentReport? _report;
    private DateTimeOffset _reportBy = DateTimeOffset.MaxValue;
    private string _adminState;

    // Of the working thread.
    private IAgentPrograms? _programs;
    private DesiredState? _desired;
    private string _applied = "", _settings = "";
    private List<string> _problems = [];
    private List<Condition> _fileConditions = [];
    private DateTimeOffset _nextFull, _nextSettings, _nextFiles, _nextReport, _notBefore;
    private bool _reportIsNeeded, _isPending;
    private long _startedSequence;

    public Reconciler(Request request, IHostPlatform platform, TimeProvider time, Action<string> log)
    {
        _request = request;
        _log = log;
        _time = time;
        _events = platform.OpenEvents();
        _kernel = platform.OpenKernel();
        _reportSource = platform.OpenReportSource();
        _repair = new DriftRepair(time, log, LogOnce);
        _reportBuilder = new ReportBuilder(_reportSource, time);
        _adminState = StoredAdminState.Read(request.StateDirectory);
    }

    /// <summary>Raised by the working thread with every new report.</summary>
    public event Action<AgentReport>? Reported;

    /// <summary>The last report; null before the first.</summary>
    public AgentReport? LastReport
    {
        get
        {
            lock (_gate)
                return _report;
        }
    }

    /// <summary>Sequence number of the newest report that has been started. A report with a larger number describes the
    /// host at a later time.</summary>
    public long StartedSequence => Volatile.Read(ref _startedSequence);

    /// <summary>Why no director can be reached; empty: one responds, or the agent has none.</summary>
    public string LastContactError { get; set; } = "";

    /// <summary>When a requested report is due; <see cref="DateTimeOffset.MaxValue"/>: none is requested.</summary>
    internal DateTimeOffset RequestedReportTime
    {
        get
        {
            lock (_gate)
                return _reportBy;
        }
    }

    /// <summary>Sets the spec to apply from now on.</summary>
    public void SetSpec(ServerSpec spec)
    {
        lock (_gate)
            _requestedSpec = SpecFile.Complete(spec);
    }

    /// <summary>Makes the next report due within a time.</summary>
    public void ReportWithin(TimeSpan time)
    {
        lock (_gate)
            _reportBy = _time.GetUtcNow() + time;
    }

    /// <summary>Stores the local operator's admin state, and reports it at once.</summary>
    public void SetAdminState(string adminState)
    {
        StoredAdminState.Write(_request.StateDirectory, adminState);
        lock (_gate)
            _adminState = adminState;
        ReportWithin(TimeSpan.Zero);
    }

    /// <summary>Works until the token is cancelled. The host keeps its configuration then.</summary>
    public void Run(CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
            Step(_events.Wait(EventTimeout));
    }

    /// <summary>One pass: reads the sysctls, reconciles and reports, each if it is due.</summary>
    /// <param name="hasEvents">True: the kernel has notified a change since the last pass.</param>
    internal void Step(bool hasEvents)
    {
        var now = _time.GetUtcNow();
        // An event that comes before _notBefore stays pending.
        _isPending |= hasEvents || now >= _nextFull || HasNewSpec();
        if (now >= _nextSettings)
        {
            _nextSettings = now + SettingsInterval;
            var settings = ReadSettings(_desired);
            _isPending |= settings != _settings;
            _settings = settings;
        }
        if (_isPending && now >= _notBefore)
        {
            _isPending = false;
            TryRun("reconcile", Reconcile);
        }
        if ((_desired is not null || _problems.Count > 0) && ReportIsDue())
            TryRun("report", MakeReport);
    }

    public void Dispose()
    {
        _programs?.Dispose();
        _events.Dispose();
        _kernel.Dispose();
        _reportSource.Dispose();
    }

    private bool HasNewSpec()
    {
        lock (_gate)
        {
            return _requestedSpec is not null && !ReferenceEquals(_requestedSpec, _desired?.Spec)
                && _problems.Count == 0;
        }
    }

    private bool ReportIsDue()
    {
        var now = _time.GetUtcNow();
        lock (_gate)
            return _reportIsNeeded || now >= _nextReport || now >= _reportBy;
    }

    /// <summary>Logs an error of the kernel once, and tries again after <see cref="RetryDelay"/>.</summary>
    private void TryRun(string name, Action action)
    {
        try
        {
            action();
            _logged.Remove(name);
        }
        catch (Exception e) when (e is NativeException or AgentException or IOException or UnauthorizedAccessException)
        {
            LogOnce(name, e is AgentException a ? $"{a.Message}: {a.Remedy}" : e.Message);
            _notBefore = _time.GetUtcNow() + RetryDelay;
            _isPending = true;
        }
    }

    private void LogOnce(string key, string text)
    {
        if (_logged.GetValueOrDefault(key) == text)
            return;
        _logged[key] = text;
        _log(text);
    }

    private void Reconcile()
    {
        var now = _time.GetUtcNow();
        _nextFull = now + FullInterval;
        _notBefore = now + MinPassInterval;
        ServerSpec? spec;
        lock (_gate)
            spec = _requestedSpec;
        if (spec is null)
            return;
        var host = _kernel.ReadInventory();
        var problems = new List<Problem>();
        var desired = DesiredStateReader.Read(
            spec, InterfaceNames(host), programs: true, host, beforeChange: false, problems);
        // After the first apply, verify reports a filter of another program at the agent's place.
        if (desired is not null && _desired is null)
            problems.AddRange(ApplyAction.ForeignFilterProblems(desired, _kernel));
        _problems = [.. problems.Select(static p => p.ToString())];
        if (desired is null || problems.Count > 0)
        {
            LogOnce("problems", string.Join('\n', _problems));
            _reportIsNeeded = true;
            RepairPrevious(host);
            return;
        }
        _logged.Remove("problems");
        var key = Key(desired);
        if (key != _applied)
            ApplyAll(desired, key);
        else
            Repair(desired, host);
        _desired = desired;
    }

    /// <summary>Maintains the last valid spec while the new one is invalid.</summary>
    private void RepairPrevious(HostInventory host)
    {
        if (_desired is null)
            return;
        if (DesiredStateReader.Read(_desired.Spec, InterfaceNames(host), programs: true, host, beforeChange: false, [])
            is { } previous)
        {
            Repair(previous, host);
        }
    }

    /// <summary>The named interfaces that exist. Without names and without a default route, those chosen before
    /// stay.</summary>
    private IReadOnlyList<string> InterfaceNames(HostInventory host)
    {
        if (_request.Interfaces.Count > 0)
        {
            var present = _request.Interfaces.Where(n => host.Interfaces.Any(i => i.Name == n)).ToList();
            return present.Count > 0 ? present : _request.Interfaces;
        }
        if (_desired is null || host.DefaultRouteInterfaces.Count > 0)
            return [];
        return [.. host.Interfaces.Where(i => _desired.Interfaces.Any(w => w.Index == i.Index))
            .Select(static i => i.Name)];
    }

    /// <summary>Identifies everything that requires a new apply, rather than a repair, when it changes.</summary>
    private static string Key(DesiredState desired)
    {
        var spec = desired.Spec with { Revision = 0, Issued = null, DirectorVersion = "" };
        var ingress = desired.Interfaces.Select(static i =>
            string.Create(CultureInfo.InvariantCulture, $" {i.Index}:{i.Name}:{i.MtuBytes}"));
        var egress = desired.EgressInterfaces.Select(static i =>
            string.Create(CultureInfo.InvariantCulture, $" {i.Index}"));
        return $"{Convert.ToBase64String(SpecFile.Write(spec))}{string.Concat(ingress)}/{string.Concat(egress)}";
    }

    private void ApplyAll(DesiredState desired, string key)
    {
        _programs ??= _kernel.LoadSharingMaps(AttachedFilter.FindOurs(_kernel, _kernel.ReadInventory().Interfaces));
        using (var store = StateStore.OpenForChange(_request.StateDirectory))
        {
            var persistence = new PersistenceStore(_request.StateDirectory);
            new Applier(store, _kernel, _log).Apply(desired, _programs, persistence.Before);
            Persist(desired, persistence, store);
        }
        LastSpec.Write(_request.StateDirectory, desired.Spec);
        if (_applied.Length == 0 || _desired?.Spec.Revision != desired.Spec.Revision)
        {
            _log($"spec revision {desired.Spec.Revision} applied: {desired.Vips.Count} VIPs on "
                + string.Join(' ', desired.Interfaces.Select(static i => i.Name)));
        }
        _applied = key;
        _reportIsNeeded = true;
        _settings = ReadSettings(desired);
    }

    private void Persist(DesiredState desired, PersistenceStore persistence, StateStore store)
    {
        if (!_request.Persist)
            return;
        var problems = new List<Problem>();
        if (PersistencePlan.Make(desired, _request.Files, null, problems) is { } plan)
            persistence.Write(plan, store.Load()?.Sysctls ?? [], _request.Files, _log);
        else
            LogOnce("persistence", string.Join('\n', problems));
    }

    /// <summary>In report-only mode, deviations appear as conditions of the next report and are not repaired.</summary>
    private void Repair(DesiredState desired, HostInventory host)
    {
        if (!_request.Reconciles)
            return;
        _reportIsNeeded |= _repair.Repair(Deviations.Find(
            desired, host, _kernel, _programs, [.. desired.Vips.Select(static v => v.Network)]));
    }

    /// <summary>The values of all sysctls whose change the kernel may not notify; empty before the first
    /// apply.</summary>
    private string ReadSettings(DesiredState? desired)
    {
        if (desired is null)
            return "";
        var settings = DesiredSysctl.For(desired.Interfaces).Select(static s => s.Setting)
            .Concat(desired.Interfaces.Select(static i => new Sysctl(i.Name, Sysctl.ProxyArpPrivateVlan)));
        return string.Concat(settings.Select(s =>
            string.Create(CultureInfo.InvariantCulture, $"{_kernel.ReadSysctl(s)},")));
    }

    private void MakeReport()
    {
        var sequence = Interlocked.Increment(ref _startedSequence);
        var now = _time.GetUtcNow();
        var host = _kernel.ReadInventory();
        var desired = _desired;
        if (desired is not null && DesiredStateReader.Read(
            desired.Spec, InterfaceNames(host), programs: true, host, beforeChange: false, []) is { } current)
        {
            desired = current;
        }
        var verification = desired is null ? new Verification() : Verifier.Check(desired, host, _kernel, _programs);
        if (desired is not null && now >= _nextFiles)
        {
            _nextFiles = now + FilesInterval;
            CheckFiles(desired);
        }
        verification.Conditions.AddRange(_fileConditions);
        AddOwnConditions(verification, host);

        var report = _reportBuilder.Build(verification, host) with
        {
            Sequence = sequence,
            SpecRevision = desired?.Spec.Revision ?? 0,
            Drifts = [.. _repair.Drifts.All],
            Reconciles = _request.Reconciles,
        };
        lock (_gate)
        {
            report = report with { AdminState = _adminState };
            _report = report;
            _reportBy = DateTimeOffset.MaxValue;
        }
        _reportIsNeeded = false;
        _nextReport = now + TimeSpan.FromMilliseconds(Math.Clamp(
            desired?.Spec.ReportIntervalMilliseconds ?? DefaultReportInterval, MinReportInterval, MaxReportInterval));
        Reported?.Invoke(report);
    }

    private void CheckFiles(DesiredState desired)
    {
        var files = new Verification();
        PersistenceCheck.Run(_request.StateDirectory, _request.Files, desired, files);
        _fileConditions = files.Conditions;
    }

    /// <summary>Adds the conditions that come from running: missing interfaces, back-off, an invalid spec, no
    /// director.</summary>
    private void AddOwnConditions(Verification verification, HostInventory host)
    {
        foreach (var missing in _request.Interfaces.Where(n => host.Interfaces.All(i => i.Name != n)))
        {
            verification.Add(false, ConditionNames.DeviceUp, missing, "missing", "present",
                "It is named with --interface, and does not exist.");
        }
        foreach (var (name, subject, until) in _repair.BackingOff)
        {
            verification.Note(Verification.BackingOffName, $"{name} {subject}".TrimEnd(),
                $"another program reverts every repair; not repaired until {until:u}", "one manager",
                "Find the other program, and let only one of the two manage it.");
        }
        foreach (var problem in _problems)
        {
            verification.Add(false, Verification.SpecName, "", problem, "a valid spec",
                "The agent maintains the last valid spec.");
        }
        if (LastContactError.Length > 0)
        {
            verification.Note(Verification.SpecName, "", LastContactError, "a director that responds",
                "The agent continues with its last spec.");
        }
    }
}
