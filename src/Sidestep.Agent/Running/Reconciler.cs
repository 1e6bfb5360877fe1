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
using Sidestep.Native.Netlink;

namespace Sidestep.Agent.Running;

/// <summary>Applies duties, verifies them, and keeps them: what somebody changes is put back at once, and told.</summary>
/// <remarks>One thread does everything; others hand in duties and take reports.</remarks>
internal sealed class Reconciler : IDisposable
{
    /// <summary>The kernel tells of links, addresses, routes, filters, and of the settings rp_filter, proxy_arp, forwarding and
    /// proxy_ndp. Of arp_ignore and arp_announce it tells nobody: they are looked at this often.</summary>
    public static readonly TimeSpan SettingsInterval = TimeSpan.FromMilliseconds(500);

    private static readonly TimeSpan EventTimeout = TimeSpan.FromMilliseconds(100), MinPassInterval = TimeSpan.FromMilliseconds(50),
        FullInterval = TimeSpan.FromSeconds(10), FilesInterval = TimeSpan.FromMinutes(1), RetryDelay = TimeSpan.FromSeconds(2);

    // RTMGRP_TC, RTNLGRP_IPV4_NETCONF (24) and RTNLGRP_IPV6_NETCONF (25) as bits
    private const uint NetlinkGroups = Routes.EventMulticastGroups | 1 << 3 | 1u << 23 | 1u << 24;

    private const int MaxDrainedEvents = 4096, DefaultReportInterval = 2000;
    private readonly Request _request;
    private readonly Action<string> _log;
    private readonly TimeProvider _time;
    private readonly NetlinkSocket _events = NetlinkSocket.Open(NetlinkGroups), _socket = NetlinkSocket.Open();
    private readonly RepairBackoff _backoff;
    private readonly DriftLog _drifts = new();
    private readonly ReportBuilder _reportBuilder;
    private readonly Lock _gate = new();
    private readonly Dictionary<string, string> _logged = [];
    private ServerSpec? _requestedSpec;
    private AgentReport? _report;
    private long _reportBy = long.MinValue;
    private string _adminState;

    private AgentPrograms? _programs;
    private DesiredState? _desired;
    private string _applied = "", _settings = "";
    private List<string> _problems = [];
    private List<Condition> _files = [];
    private DateTimeOffset _nextFull, _nextSettings, _nextFiles, _nextReport, _notBefore;
    private bool _changed, _pending;
    private long _startedSequence;

    public Reconciler(Request request, TimeProvider time, Action<string> log)
    {
        _request = request;
        _log = log;
        _time = time;
        _backoff = new RepairBackoff(time);
        _reportBuilder = new ReportBuilder(time);
        _adminState = StoredAdminState.Read(request.StateDirectory);
    }

    /// <summary>A new report is there.</summary>
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

    /// <summary>Sequence of the report that the host was looked at for last, or is just now: what comes later looks later.</summary>
    public long StartedSequence => Volatile.Read(ref _startedSequence);

    /// <summary>What says that no director answers; empty: one does, or there is none to ask.</summary>
    public string LastContactError { get; set; } = "";

    /// <summary>Hands in what is wanted from now on.</summary>
    public void SetSpec(ServerSpec spec)
    {
        lock (_gate)
            _requestedSpec = SpecFile.Complete(spec);
    }

    /// <summary>Asks for a report sooner than usual.</summary>
    public void ReportWithin(TimeSpan time)
    {
        lock (_gate)
            _reportBy = (_time.GetUtcNow() + time).UtcTicks;
    }

    /// <summary>What the local operator wishes; stored before it is said.</summary>
    public void SetAdminState(string adminState)
    {
        StoredAdminState.Write(_request.StateDirectory, adminState);
        lock (_gate)
            _adminState = adminState;
        ReportWithin(TimeSpan.Zero);
    }

    /// <summary>Works until it is told to stop; what is there stays then.</summary>
    public void Run(CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            var events = _events.Receive(EventTimeout);
            // What comes in a burst is looked at once.
            for (var i = 0; events is not null && i < MaxDrainedEvents && _events.Receive(TimeSpan.Zero) is { Count: > 0 }; i++)
            {
            }
            var now = _time.GetUtcNow();
            // What comes while the last look rests is not forgotten.
            _pending |= events is not null || now >= _nextFull || HasNewSpec();
            if (now >= _nextSettings)
            {
                _nextSettings = now + SettingsInterval;
                var settings = ReadSettings();
                _pending |= settings != _settings;
                _settings = settings;
            }
            if (_pending && now >= _notBefore)
            {
                _pending = false;
                TryRun(Reconcile);
            }
            if ((_desired is not null || _problems.Count > 0) && ReportIsDue())
                TryRun(MakeReport);
        }
    }

    public void Dispose()
    {
        _programs?.Dispose();
        _events.Dispose();
        _socket.Dispose();
    }

    private bool HasNewSpec()
    {
        lock (_gate)
            return _requestedSpec is not null && (_desired is null || _requestedSpec.Revision != _desired.Spec.Revision || !ReferenceEquals(_requestedSpec, _desired.Spec)) && _problems.Count == 0;
    }

    private bool ReportIsDue()
    {
        var now = _time.GetUtcNow();
        lock (_gate)
            return _changed || now >= _nextReport || (_reportBy != long.MinValue && now.UtcTicks >= _reportBy);
    }

    /// <summary>The kernel's errors are told once, and tried again: at the next event, and after a while.</summary>
    private void TryRun(Action action)
    {
        try
        {
            action();
            _logged.Remove(action.Method.Name);
        }
        catch (Exception e) when (e is NativeException or AgentException or IOException or UnauthorizedAccessException)
        {
            LogOnce(action.Method.Name, e is AgentException a ? $"{a.Message}: {a.Remedy}" : e.Message);
            _notBefore = _time.GetUtcNow() + RetryDelay;
            _pending = true;
        }
    }

    private void LogOnce(string about, string text)
    {
        if (_logged.GetValueOrDefault(about) == text)
            return;
        _logged[about] = text;
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
        var host = HostInventory.Read(_socket);
        var problems = new List<Problem>();
        var desired = DesiredStateReader.Read(spec, InterfaceNames(host), programs: true, host, beforeChange: false, problems);
        if (desired is not null)
            problems.AddRange(ApplyAction.ForeignFilterProblems(desired, _socket));
        if (_desired is not null && desired is not null)
            problems.Clear(); // a place that was taken since is told by verify
        _problems = [.. problems.Select(static p => p.ToString())];
        if (desired is null || problems.Count > 0)
        {
            LogOnce("problems", string.Join('\n', _problems));
            _changed = true;
            // What was applied before is kept meanwhile.
            if (_desired is null || DesiredStateReader.Read(_desired.Spec, InterfaceNames(host), programs: true, host, beforeChange: false, []) is not { } previous)
                return;
            Repair(previous, host);
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

    /// <summary>Without a default route, and with interfaces that are gone, the ones that were chosen stay the ones.</summary>
    private IReadOnlyList<string> InterfaceNames(HostInventory host)
    {
        if (_request.Interfaces.Count > 0)
        {
            var present = _request.Interfaces.Where(n => host.Interfaces.Any(i => i.Name == n)).ToList();
            return present.Count > 0 ? present : _request.Interfaces;
        }
        if (_desired is null || host.DefaultRouteInterfaces.Count > 0)
            return [];
        return [.. host.Interfaces.Where(i => _desired.Interfaces.Any(w => w.Index == i.Index)).Select(static i => i.Name)];
    }

    private static string Key(DesiredState desired) => Convert.ToBase64String(SpecFile.Write(desired.Spec with { Revision = 0, Issued = null, DirectorVersion = "" }))
        + string.Concat(desired.Interfaces.Select(static i => string.Create(CultureInfo.InvariantCulture, $" {i.Index}:{i.Name}:{i.MtuBytes}")))
        + "/" + string.Concat(desired.EgressInterfaces.Select(static i => string.Create(CultureInfo.InvariantCulture, $" {i.Index}")));

    private void ApplyAll(DesiredState desired, string key)
    {
        _programs ??= AgentPrograms.LoadSharingMaps(AttachedFilter.FindOurs(_socket, HostInventory.Read(_socket).Interfaces));
        using (var store = StateStore.OpenForChange(_request.StateDirectory))
        {
            var persistence = new PersistenceStore(_request.StateDirectory);
            new Applier(store, _socket, _log).Apply(desired, _programs, persistence.Before);
            Persist(desired, persistence, store);
        }
        LastSpec.Write(_request.StateDirectory, desired.Spec);
        if (_applied.Length == 0 || _desired?.Spec.Revision != desired.Spec.Revision)
            _log($"spec revision {desired.Spec.Revision} applied: {desired.Vips.Count} VIPs on {string.Join(' ', desired.Interfaces.Select(static i => i.Name))}");
        _applied = key;
        _changed = true;
        _settings = ReadSettings();
    }

    private void Persist(DesiredState desired, PersistenceStore persistence, StateStore store)
    {
        if (!_request.Persist)
            return;
        var problems = new List<Problem>();
        if (PersistencePlan.Make(desired, HostFiles.Machine, null, problems) is { } plan)
            persistence.Write(plan, store.Load()?.Sysctls ?? [], HostFiles.Machine, _log);
        else
            LogOnce("persistence", string.Join('\n', problems));
    }

    private void Repair(DesiredState desired, HostInventory host)
    {
        // What is wrong is in the conditions of the next report.
        if (!_request.Reconciles)
            return;
        foreach (var deviation in Deviations.Find(desired, host, _socket, _programs, [.. desired.Vips.Select(static v => v.Network)]))
        {
            var noticed = _time.GetUtcNow();
            if (!deviation.IsDrift)
            {
                deviation.Repair();
                _log(deviation.Message);
                continue;
            }
            _changed = true;
            if (!_backoff.MayRepair(deviation.Name, deviation.Subject, out var backoffStarted))
            {
                if (backoffStarted)
                {
                    _log($"{deviation.Name} {deviation.Subject}: another process changed it back {RepairBackoff.MaxRepairs} times within {RepairBackoff.RepairWindow.TotalSeconds:0} s. "
                        + $"It is left alone for {RepairBackoff.BackoffTime.TotalMinutes:0} minutes: find out who does it, and let only one of the two manage it.");
                    _drifts.Add(deviation.Name, deviation.Subject, deviation.Found, noticed, null);
                }
                continue;
            }
            DateTimeOffset? repaired = null;
            try
            {
                deviation.Repair();
                repaired = _time.GetUtcNow();
                _log($"drift: {deviation.Name} {deviation.Subject} was {deviation.Found}; repaired ({deviation.Message})");
            }
            catch (Exception e) when (e is NativeException or AgentException or IOException or UnauthorizedAccessException)
            {
                LogOnce("repair " + deviation.Name + deviation.Subject, $"{deviation.Name} {deviation.Subject} is {deviation.Found} and cannot be repaired: {e.Message}");
            }
            _drifts.Add(deviation.Name, deviation.Subject, deviation.Found, noticed, repaired);
        }
    }

    private string ReadSettings() => _desired is not { } desired ? "" : string.Concat(DesiredSysctl.For(desired.Interfaces)
        .Concat(desired.Interfaces.Select(static i => (new Sysctl(i.Name, Sysctl.ProxyArpPrivateVlan), 0, 0)))
        .Select(static s => string.Create(CultureInfo.InvariantCulture, $"{s.Item1.TryRead()},")));

    private void MakeReport()
    {
        var sequence = Interlocked.Increment(ref _startedSequence);
        var now = _time.GetUtcNow();
        var desired = _desired;
        var host = HostInventory.Read(_socket);
        if (desired is not null && DesiredStateReader.Read(desired.Spec, InterfaceNames(host), programs: true, host, beforeChange: false, []) is { } current)
            desired = current;
        var verification = desired is null ? new Verification() : Verifier.Check(desired, host, _socket, _programs);
        if (desired is not null && now >= _nextFiles)
        {
            _nextFiles = now + FilesInterval;
            var files = new Verification();
            PersistenceCheck.Run(_request.StateDirectory, HostFiles.Machine, desired, host, files);
            _files = files.Conditions;
        }
        verification.Conditions.AddRange(_files);
        foreach (var missing in _request.Interfaces.Where(n => host.Interfaces.All(i => i.Name != n)))
            verification.Add(false, ConditionNames.DeviceUp, missing, "gone", "there", "Named with --interface, and does not exist.");
        foreach (var (name, subject, until) in _backoff.Active)
        {
            verification.Note(Verification.BackingOffName, $"{name} {subject}".TrimEnd(), $"set back again and again; left alone until {until:u}", "one manager",
                "Find out who sets it, and let only one of the two manage it.");
        }
        foreach (var problem in _problems)
            verification.Add(false, Verification.SpecName, "", problem, "duties that can be carried out", "The last ones that could be are kept.");
        if (LastContactError.Length > 0)
            verification.Note(Verification.SpecName, "", LastContactError, "a director that answers", "The agent continues with its last spec.");

        var report = _reportBuilder.Build(verification, host, _socket) with
        {
            Sequence = sequence,
            SpecRevision = desired?.Spec.Revision ?? 0,
            Drifts = [.. _drifts.All],
            Reconciles = _request.Reconciles,
        };
        lock (_gate)
        {
            report = report with { AdminState = _adminState };
            _report = report;
            _reportBy = long.MinValue;
        }
        _changed = false;
        _nextReport = now + TimeSpan.FromMilliseconds(Math.Clamp(desired?.Spec.ReportIntervalMilliseconds ?? DefaultReportInterval, 100, 60_000));
        Reported?.Invoke(report);
    }
}
