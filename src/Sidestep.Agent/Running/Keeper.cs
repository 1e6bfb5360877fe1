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
internal sealed class Keeper : IDisposable
{
    /// <summary>The kernel tells of links, addresses, routes, filters, and of the settings rp_filter, proxy_arp, forwarding and
    /// proxy_ndp. Of arp_ignore and arp_announce it tells nobody: they are looked at this often.</summary>
    public static readonly TimeSpan SettingsInterval = TimeSpan.FromMilliseconds(500);

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100), Rest = TimeSpan.FromMilliseconds(50),
        FullInterval = TimeSpan.FromSeconds(10), FilesInterval = TimeSpan.FromMinutes(1), AfterFailure = TimeSpan.FromSeconds(2);

    // RTMGRP_TC, RTNLGRP_IPV4_NETCONF (24) and RTNLGRP_IPV6_NETCONF (25) as bits
    private const uint Groups = Routes.EventGroups | 1 << 3 | 1u << 23 | 1u << 24;

    private const int MostDrained = 4096, UsualInterval = 2000;
    private readonly Request _request;
    private readonly Action<string> _say;
    private readonly TimeProvider _time;
    private readonly NetlinkSocket _events = NetlinkSocket.Open(Groups), _socket = NetlinkSocket.Open();
    private readonly Fights _fights;
    private readonly DriftLog _drifts = new();
    private readonly Facts _facts;
    private readonly Lock _gate = new();
    private readonly Dictionary<string, string> _said = [];
    private Duties? _wanted;
    private AgentReport? _report;
    private long _reportBy = long.MinValue;
    private string _operatorWish;

    private AgentPrograms? _programs;
    private Wish? _wish;
    private string _applied = "", _settings = "";
    private List<string> _problems = [];
    private List<Condition> _files = [];
    private DateTimeOffset _nextFull, _nextSettings, _nextFiles, _nextReport, _notBefore;
    private bool _changed, _pending;
    private long _begun;

    public Keeper(Request request, TimeProvider time, Action<string> say)
    {
        _request = request;
        _say = say;
        _time = time;
        _fights = new Fights(time);
        _facts = new Facts(time);
        _operatorWish = StoredWish.Read(request.StateDirectory);
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
    public long Begun => Volatile.Read(ref _begun);

    /// <summary>What says that no director answers; empty: one does, or there is none to ask.</summary>
    public string Silence { get; set; } = "";

    /// <summary>Hands in what is wanted from now on.</summary>
    public void Want(Duties duties)
    {
        lock (_gate)
            _wanted = DutiesFile.Complete(duties);
    }

    /// <summary>Asks for a report sooner than usual.</summary>
    public void ReportWithin(TimeSpan time)
    {
        lock (_gate)
            _reportBy = (_time.GetUtcNow() + time).UtcTicks;
    }

    /// <summary>What the local operator wishes; stored before it is said.</summary>
    public void SetOperatorWish(string wish)
    {
        StoredWish.Write(_request.StateDirectory, wish);
        lock (_gate)
            _operatorWish = wish;
        ReportWithin(TimeSpan.Zero);
    }

    /// <summary>Works until it is told to stop; what is there stays then.</summary>
    public void Run(CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            var events = _events.Receive(Pause);
            // What comes in a burst is looked at once.
            for (var i = 0; events is not null && i < MostDrained && _events.Receive(TimeSpan.Zero) is { Count: > 0 }; i++)
            {
            }
            var now = _time.GetUtcNow();
            // What comes while the last look rests is not forgotten.
            _pending |= events is not null || now >= _nextFull || WantsOther();
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
                Guarded(Look);
            }
            if ((_wish is not null || _problems.Count > 0) && ReportIsDue())
                Guarded(MakeReport);
        }
    }

    public void Dispose()
    {
        _programs?.Dispose();
        _events.Dispose();
        _socket.Dispose();
    }

    private bool WantsOther()
    {
        lock (_gate)
            return _wanted is not null && (_wish is null || _wanted.Revision != _wish.Duties.Revision || !ReferenceEquals(_wanted, _wish.Duties)) && _problems.Count == 0;
    }

    private bool ReportIsDue()
    {
        var now = _time.GetUtcNow();
        lock (_gate)
            return _changed || now >= _nextReport || (_reportBy != long.MinValue && now.UtcTicks >= _reportBy);
    }

    /// <summary>The kernel's errors are told once, and tried again: at the next event, and after a while.</summary>
    private void Guarded(Action action)
    {
        try
        {
            action();
            _said.Remove(action.Method.Name);
        }
        catch (Exception e) when (e is NativeException or AgentException or IOException or UnauthorizedAccessException)
        {
            SayOnce(action.Method.Name, e is AgentException a ? $"{a.Message}: {a.Cure}" : e.Message);
            _notBefore = _time.GetUtcNow() + AfterFailure;
            _pending = true;
        }
    }

    private void SayOnce(string about, string text)
    {
        if (_said.GetValueOrDefault(about) == text)
            return;
        _said[about] = text;
        _say(text);
    }

    private void Look()
    {
        var now = _time.GetUtcNow();
        _nextFull = now + FullInterval;
        _notBefore = now + Rest;
        Duties? wanted;
        lock (_gate)
            wanted = _wanted;
        if (wanted is null)
            return;
        var host = ServerFacts.Read(_socket);
        var problems = new List<Problem>();
        var wish = WishReader.Read(wanted, Names(host), programs: true, host, beforeChange: false, problems);
        if (wish is not null)
            problems.AddRange(ApplyAction.Taken(wish, _socket));
        if (_wish is not null && wish is not null)
            problems.Clear(); // a place that was taken since is told by verify
        _problems = [.. problems.Select(static p => p.ToString())];
        if (wish is null || problems.Count > 0)
        {
            SayOnce("problems", string.Join('\n', _problems));
            _changed = true;
            // What was applied before is kept meanwhile.
            if (_wish is null || WishReader.Read(_wish.Duties, Names(host), programs: true, host, beforeChange: false, []) is not { } former)
                return;
            Repair(former, host);
            return;
        }
        _said.Remove("problems");
        var key = Key(wish);
        if (key != _applied)
            ApplyAll(wish, key);
        else
            Repair(wish, host);
        _wish = wish;
    }

    /// <summary>Without a default route, and with interfaces that are gone, the ones that were chosen stay the ones.</summary>
    private IReadOnlyList<string> Names(ServerFacts host)
    {
        if (_request.Interfaces.Count > 0)
        {
            var there = _request.Interfaces.Where(n => host.Interfaces.Any(i => i.Name == n)).ToList();
            return there.Count > 0 ? there : _request.Interfaces;
        }
        if (_wish is null || host.WithDefaultRoute.Count > 0)
            return [];
        return [.. host.Interfaces.Where(i => _wish.Interfaces.Any(w => w.Index == i.Index)).Select(static i => i.Name)];
    }

    private static string Key(Wish wish) => Convert.ToBase64String(DutiesFile.Write(wish.Duties with { Revision = 0, Issued = null, DirectorVersion = "" }))
        + string.Concat(wish.Interfaces.Select(static i => string.Create(CultureInfo.InvariantCulture, $" {i.Index}:{i.Name}:{i.MtuBytes}")))
        + "/" + string.Concat(wish.WaysOut.Select(static i => string.Create(CultureInfo.InvariantCulture, $" {i.Index}")));

    private void ApplyAll(Wish wish, string key)
    {
        _programs ??= AgentPrograms.LoadBeside(AttachedFilter.FindOurs(_socket, ServerFacts.Read(_socket).Interfaces));
        using (var store = StateStore.OpenToChange(_request.StateDirectory))
        {
            var persistence = new PersistenceStore(_request.StateDirectory);
            new Applier(store, _socket, _say).Apply(wish, _programs, persistence.Before);
            Persist(wish, persistence, store);
        }
        LastDuties.Write(_request.StateDirectory, wish.Duties);
        if (_applied.Length == 0 || _wish?.Duties.Revision != wish.Duties.Revision)
            _say($"duties of revision {wish.Duties.Revision} are applied: {wish.Vips.Count} VIPs on {string.Join(' ', wish.Interfaces.Select(static i => i.Name))}");
        _applied = key;
        _changed = true;
        _settings = ReadSettings();
    }

    private void Persist(Wish wish, PersistenceStore persistence, StateStore store)
    {
        if (!_request.Persist)
            return;
        var problems = new List<Problem>();
        if (PersistencePlan.Make(wish, HostFiles.Machine, null, problems) is { } plan)
            persistence.Write(plan, store.Load()?.Sysctls ?? [], HostFiles.Machine, _say);
        else
            SayOnce("persistence", string.Join('\n', problems));
    }

    private void Repair(Wish wish, ServerFacts host)
    {
        // What is wrong is in the conditions of the next report.
        if (!_request.Keeps)
            return;
        foreach (var deviation in Deviations.Find(wish, host, _socket, _programs, [.. wish.Vips.Select(static v => v.Network)]))
        {
            var noticed = _time.GetUtcNow();
            if (!deviation.IsDrift)
            {
                deviation.Repair();
                _say(deviation.Said);
                continue;
            }
            _changed = true;
            if (!_fights.MayRepair(deviation.Name, deviation.Subject, out var begins))
            {
                if (begins)
                {
                    _say($"{deviation.Name} {deviation.Subject}: somebody has set it back {Fights.MostRepairs} times within {Fights.Window.TotalSeconds:0} s. "
                        + $"It is left alone for {Fights.Truce.TotalMinutes:0} minutes: find out who does it, and let only one of the two manage it.");
                    _drifts.Add(deviation.Name, deviation.Subject, deviation.Found, noticed, null);
                }
                continue;
            }
            DateTimeOffset? repaired = null;
            try
            {
                deviation.Repair();
                repaired = _time.GetUtcNow();
                _say($"drift: {deviation.Name} {deviation.Subject} was {deviation.Found}; repaired ({deviation.Said})");
            }
            catch (Exception e) when (e is NativeException or AgentException or IOException or UnauthorizedAccessException)
            {
                SayOnce("repair " + deviation.Name + deviation.Subject, $"{deviation.Name} {deviation.Subject} is {deviation.Found} and cannot be repaired: {e.Message}");
            }
            _drifts.Add(deviation.Name, deviation.Subject, deviation.Found, noticed, repaired);
        }
    }

    private string ReadSettings() => _wish is not { } wish ? "" : string.Concat(SysctlWish.For(wish.Interfaces)
        .Concat(wish.Interfaces.Select(static i => (new Sysctl(i.Name, Sysctl.ProxyArpPrivateVlan), 0, 0)))
        .Select(static s => string.Create(CultureInfo.InvariantCulture, $"{s.Item1.TryRead()},")));

    private void MakeReport()
    {
        var sequence = Interlocked.Increment(ref _begun);
        var now = _time.GetUtcNow();
        var wish = _wish;
        var host = ServerFacts.Read(_socket);
        if (wish is not null && WishReader.Read(wish.Duties, Names(host), programs: true, host, beforeChange: false, []) is { } current)
            wish = current;
        var verification = wish is null ? new Verification() : Verifier.Check(wish, host, _socket, _programs);
        if (wish is not null && now >= _nextFiles)
        {
            _nextFiles = now + FilesInterval;
            var files = new Verification();
            FileCheck.Run(_request.StateDirectory, HostFiles.Machine, wish, host, files);
            _files = files.Conditions;
        }
        verification.Conditions.AddRange(_files);
        foreach (var missing in _request.Interfaces.Where(n => host.Interfaces.All(i => i.Name != n)))
            verification.Add(false, ConditionNames.DeviceUp, missing, "gone", "there", "Named with --interface, and does not exist.");
        foreach (var (name, subject, until) in _fights.Truces)
        {
            verification.Note(Verification.ContestedName, $"{name} {subject}".TrimEnd(), $"set back again and again; left alone until {until:u}", "one manager",
                "Find out who sets it, and let only one of the two manage it.");
        }
        foreach (var problem in _problems)
            verification.Add(false, Verification.DutiesName, "", problem, "duties that can be carried out", "The last ones that could be are kept.");
        if (Silence.Length > 0)
            verification.Note(Verification.DutiesName, "", Silence, "a director that answers", "The agent goes on with its last duties.");

        var report = _facts.Report(verification, host, _socket) with
        {
            Sequence = sequence,
            DutiesRevision = wish?.Duties.Revision ?? 0,
            Drifts = [.. _drifts.All],
            Keeps = _request.Keeps,
        };
        lock (_gate)
        {
            report = report with { Wish = _operatorWish };
            _report = report;
            _reportBy = long.MinValue;
        }
        _changed = false;
        _nextReport = now + TimeSpan.FromMilliseconds(Math.Clamp(wish?.Duties.ReportIntervalMilliseconds ?? UsualInterval, 100, 60_000));
        Reported?.Invoke(report);
    }
}
