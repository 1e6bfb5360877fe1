using System.Collections.Immutable;
using System.Net;
using Sidestep.Forwarding;
using Sidestep.Model;

namespace Sidestep.Control.Health;

/// <summary>Who is fit for traffic, from what came of probes. Safe for threads.</summary>
/// <remarks>A new server is unfit until it is proven. A server that an earlier daemon, or an earlier configuration, let have traffic
/// keeps its state until the first verdict.</remarks>
public sealed class HealthBook : IHealth
{
    private readonly Lock _gate = new();
    private readonly TimeProvider _time;
    private readonly IAgentReports? _agents;
    private readonly Action<HealthChange> _say;
    private readonly List<(long Version, long At, bool IsFit)> _waiting = [];
    private readonly Suspicions _suspicions;
    private Dictionary<CheckKey, (CheckState State, ServerVerdict Server)> _checks = [];
    private Dictionary<(GroupKey, IPAddress), ServerVerdict> _servers = [];
    private readonly Dictionary<(GroupKey, IPAddress), MtuFinding> _mtu = [];
    private ImmutableDictionary<GroupKey, ImmutableHashSet<IPAddress>> _fit = ImmutableDictionary<GroupKey, ImmutableHashSet<IPAddress>>.Empty;
    private ImmutableArray<ServerGroup> _known;

    /// <summary>What an earlier daemon reported, where its tables are no longer there; until this one has tables in force.</summary>
    private HealthReport? _reported;
    private Configuration? _asked;
    private Configuration? _inForce;
    private long _version;
    private bool _isChanged = true;

    /// <summary>A book in which nobody is judged.</summary>
    /// <param name="time">The clock.</param>
    /// <param name="running">The tables that an earlier daemon left, or null.</param>
    /// <param name="reported">What an earlier daemon said of its servers, or null. It counts only without its tables: another version
    /// with another layout cannot take them over.</param>
    /// <param name="agents">Asked where pools require it; null: no agent ever reports.</param>
    /// <param name="say">Hears who became fit and unfit; must not block.</param>
    public HealthBook(TimeProvider time, RunningGroups? running, HealthReport? reported, IAgentReports? agents, Action<HealthChange> say)
    {
        _time = time;
        _agents = agents;
        _say = say;
        _known = running?.Groups ?? [];
        _reported = running is null ? reported : null;
        _suspicions = new Suspicions(time);
        if (agents is not null)
            agents.Changed += JudgeAgain;
    }

    /// <inheritdoc/>
    public event Action? Changed;

    /// <summary>Raised, on the loop's thread, when there are other checks.</summary>
    public event Action<IReadOnlyCollection<Check>>? ChecksChanged;

    /// <summary>From the verdict that a server failed to tables without it.</summary>
    public Durations Removal { get; } = new();

    /// <summary>From the verdict that a server is fit to tables with it.</summary>
    public Durations Admission { get; } = new();

    /// <inheritdoc/>
    public ServerHealth Judge(Configuration configuration)
    {
        lock (_gate)
        {
            if (!ReferenceEquals(_asked, configuration))
            {
                foreach (var group in ConfiguredGroup.Of(configuration).Where(static g => g.Pool.IsWatched))
                {
                    if (!_fit.ContainsKey(group.Key))
                        _fit = _fit.Add(group.Key, InheritedBy(group));
                }
                _asked = configuration;
            }
            return new ServerHealth(_fit, _version);
        }
    }

    /// <inheritdoc/>
    public void InForce(Configuration configuration, ForwardingTables tables, ServerHealth health)
    {
        List<Check>? checks = null;
        var changes = new List<HealthChange>();
        lock (_gate)
        {
            foreach (var (_, at, isFit) in _waiting.Where(w => w.Version <= health.Version))
                (isFit ? Admission : Removal).Add(_time.GetElapsedTime(at));
            _waiting.RemoveAll(w => w.Version <= health.Version);
            _known = tables.Groups;
            _reported = null;
            if (!ReferenceEquals(_inForce, configuration))
            {
                checks = Watch(configuration, changes);
                _inForce = _asked = configuration;
            }
        }
        if (checks is not null)
            ChecksChanged?.Invoke(checks);
        Tell(changes);
    }

    /// <summary>Takes in what came of a probe.</summary>
    /// <returns>True when the check has a verdict, now or before.</returns>
    public bool Take(CheckKey check, ProbeOutcome outcome)
    {
        HealthChange? change = null;
        bool isJudged;
        lock (_gate)
        {
            if (!_checks.TryGetValue(check, out var known))
                return true;
            var before = known.State.Error;
            if (known.State.Take(outcome, known.Server.RiseOf(known.State), _time.GetUtcNow()))
            {
                _isChanged = true;
                change = Judge(known.Server);
            }
            _isChanged |= !ReferenceEquals(before, known.State.Error);
            isJudged = known.State.Verdict != Light.Unknown;
        }
        if (change is not null)
            Tell([change]);
        return isJudged;
    }

    /// <summary>Notes what passed by of a server and does not look well. It changes nothing by itself.</summary>
    /// <param name="server">The server's own address.</param>
    /// <param name="what">In words; few different ones.</param>
    public void Suspect(IPAddress server, string what)
    {
        lock (_gate)
        {
            _suspicions.Add(server, what);
            _isChanged = true;
        }
    }

    /// <summary>Notes what was found of the MTU of the way to a server.</summary>
    public void Take(GroupKey group, IPAddress server, MtuFinding finding)
    {
        lock (_gate)
        {
            _mtu[(group, server)] = finding;
            _isChanged = true;
        }
    }

    /// <summary>Servers whose DSR path works, with a VIP that they answer for.</summary>
    internal IReadOnlyList<(GroupKey Group, IPAddress Server, string Name, IPAddress Vip)> WithPath()
    {
        lock (_gate)
            return
            [
                .. _servers.Values.Where(static s => s.DsrPath == Light.Up).Select(static s => (s.Server.Group, s.Server.Server.Address, s.Server.Server.Name,
                    s.Checks.First(static c => c.Check.Key.ThroughDsrPath).Check.Key.Target)),
            ];
    }

    /// <summary>The state of every server, when it changed since the last call; else null.</summary>
    public ImmutableArray<ServerHealthReport>? ReportIfChanged()
    {
        lock (_gate)
        {
            if (_suspicions.Forget())
                _isChanged = true;
            if (!_isChanged)
                return null;
            _isChanged = false;
            return [.. _servers.Values.OrderBy(static s => s.Server.Group.ToString(), StringComparer.Ordinal)
                .ThenBy(static s => s.Server.Server.Name, StringComparer.Ordinal).Select(ReportOf)];
        }
    }

    private ServerHealthReport ReportOf(ServerVerdict server)
    {
        var (group, address) = (server.Server.Group, server.Server.Server.Address);
        var culprit = server.Culprit;
        var isFit = IsFit(group, address);
        var mtu = _mtu.GetValueOrDefault((group, address));
        return new ServerHealthReport
        {
            Pool = group.Pool,
            Way = group.Way.ToString(),
            Name = server.Server.Server.Name,
            Address = address.ToString(),
            Fit = isFit,
            Since = server.Since,
            DsrPath = Word(server.DsrPath),
            Service = Word(server.Service),
            Error = culprit is null ? null : Describe(culprit),
            ErrorAt = culprit?.ErrorAt,
            WaitsForAgent = !isFit && server.Verdict == Light.Up,
            Suspicions = _suspicions.Of(address),
            Room = mtu?.Room,
            WorkingRoom = mtu?.Works,
            MtuProblem = mtu?.Problem,
            Checks = [.. server.Checks.Select(static c => new CheckReport(c.Check.Key.Monitor, Asks(c.Check.Key),
                c.Check.Key.ThroughDsrPath ? "dsrPath" : "server", Word(c.Verdict), c.Since, c.Error, c.ErrorAt))],
        };
    }

    /// <summary>The checks of a configuration; what goes on keeps what is known of it, what has left is forgotten.</summary>
    private List<Check> Watch(Configuration configuration, List<HealthChange> changes)
    {
        var all = new List<Check>();
        var checks = new Dictionary<CheckKey, (CheckState, ServerVerdict)>();
        var servers = new Dictionary<(GroupKey, IPAddress), ServerVerdict>();
        foreach (var watched in CheckList.Of(configuration))
        {
            var states = watched.Checks.Select(c =>
            {
                if (!_checks.TryGetValue(c.Key, out var known))
                    return new CheckState(c);
                known.State.Check = c;
                return known.State;
            }).ToArray();
            var key = (watched.Group, watched.Server.Address);
            var server = new ServerVerdict(watched, states) { Since = _servers.GetValueOrDefault(key)?.Since };
            servers[key] = server;
            foreach (var state in states)
                checks[state.Check.Key] = (state, server);
            all.AddRange(watched.Checks);
        }
        (_checks, _servers) = (checks, servers);
        foreach (var (group, fit) in _fit)
        {
            var stay = fit.Where(a => servers.ContainsKey((group, a))).ToImmutableHashSet();
            if (stay.Count != fit.Count)
                _fit = _fit.SetItem(group, stay);
        }
        foreach (var gone in _mtu.Keys.Where(k => !servers.ContainsKey(k)).ToArray())
            _mtu.Remove(gone);
        // The rules of a pool, or its monitors, may have changed; and a pool may have none that find anything to ask for.
        changes.AddRange(servers.Values.Select(Judge).OfType<HealthChange>());
        _isChanged = true;
        return all;
    }

    private void JudgeAgain()
    {
        List<HealthChange> changes;
        lock (_gate)
            changes = [.. _servers.Values.Where(static s => s.Server.Pool.Admission.RequireAgent).Select(Judge).OfType<HealthChange>()];
        Tell(changes);
    }

    private HealthChange? Judge(ServerVerdict server)
    {
        var (group, address) = (server.Server.Group, server.Server.Server.Address);
        var isFit = IsFit(group, address);
        var verdict = server.Verdict;
        if (verdict == Light.Up && !isFit && HasAgent(server))
            return Become(server, isFit: true);
        if (verdict != Light.Down || (!isFit && server.Since is not null))
            return null;
        if (isFit)
            return Become(server, isFit: false);
        // It never had traffic: nothing changes, but that is to be said once.
        server.Since = _time.GetUtcNow();
        return new HealthChange(group, server.Server.Server, false, Because(server));
    }

    private HealthChange Become(ServerVerdict server, bool isFit)
    {
        var (group, address) = (server.Server.Group, server.Server.Server.Address);
        var fit = _fit.GetValueOrDefault(group, ImmutableHashSet<IPAddress>.Empty);
        _fit = _fit.SetItem(group, isFit ? fit.Add(address) : fit.Remove(address));
        server.Since = _time.GetUtcNow();
        _waiting.Add((++_version, _time.GetTimestamp(), isFit));
        _isChanged = true;
        return new HealthChange(group, server.Server.Server, isFit, isFit ? "" : Because(server));
    }

    private void Tell(List<HealthChange> changes)
    {
        foreach (var change in changes)
            _say(change);
        if (changes.Count > 0)
            Changed?.Invoke();
    }

    private bool HasAgent(ServerVerdict server) => !server.Server.Pool.Admission.RequireAgent
        || _agents?.IsFit(server.Server.Server.Name, server.Server.Server.Address) == true;

    private bool IsFit(GroupKey group, IPAddress address) => _fit.TryGetValue(group, out var fit) && fit.Contains(address);

    /// <summary>Those that have traffic already: from an earlier daemon, reached in another way, or not watched until now.</summary>
    private ImmutableHashSet<IPAddress> InheritedBy(ConfiguredGroup group)
    {
        var addresses = group.Pool.Servers.Where(static s => s.State != ServerState.Disabled).Select(static s => s.Address).ToHashSet();
        return [.. (_reported is null ? WithTraffic(group.Key) : Reported(_reported, group.Key)).Where(addresses.Contains)];
    }

    private IEnumerable<IPAddress> WithTraffic(GroupKey key)
    {
        var former = _known.FirstOrDefault(g => g.Key == key) ?? _known.FirstOrDefault(g => g.Key.Pool == key.Pool);
        return (former?.Servers ?? []).Where(static s => s is { HasFailed: false, Flows: FlowState.Keep } && (s.Weight > 0 || s.DrainingSince is not null))
            .Select(static s => s.Address);
    }

    private static IEnumerable<IPAddress> Reported(HealthReport report, GroupKey key)
    {
        var pool = report.Servers.Where(s => s.Pool == key.Pool).ToArray();
        var group = Array.FindAll(pool, s => s.Way == key.Way.ToString());
        return (group.Length > 0 ? group : pool).Where(static s => s.Fit && IPAddress.TryParse(s.Address, out _)).Select(static s => IPAddress.Parse(s.Address));
    }

    private static string Because(ServerVerdict server) => server.Culprit is { } culprit ? Describe(culprit) : "";

    private static string Describe(CheckState state) =>
        $"{state.Check.Key.Monitor}, {Asks(state.Check.Key)}{(state.Check.Key.ThroughDsrPath ? "" : " at the server's own address")}: {state.Error}";

    private static string Asks(CheckKey key) =>
        key.Port == 0 ? key.Target.ToString() : string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{key.Target} {key.Port}");

    private static string Word(Light light) => light.ToString().ToLowerInvariant();
}

/// <summary>A server became fit or unfit.</summary>
/// <param name="Group">Which group's.</param>
/// <param name="Server">Which.</param>
/// <param name="IsFit">Now.</param>
/// <param name="Reason">Why it is unfit.</param>
public sealed record HealthChange(GroupKey Group, RealServer Server, bool IsFit, string Reason);
