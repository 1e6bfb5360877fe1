using System.Collections.Immutable;
using System.Net;
using Sidestep.Forwarding;
using Sidestep.Model;

namespace Sidestep.Control.Health;

/// <summary>Who is fit for traffic, from what came of probes. Safe for threads.</summary>
/// <remarks>A new server is unfit until it is proven. A server that an earlier daemon, or an earlier configuration, let have traffic
/// keeps its state until the first verdict.</remarks>
public sealed class HealthTracker : IHealth
{
    private readonly Lock _gate = new();
    private readonly TimeProvider _time;
    private readonly IAgentReports? _agents;
    private readonly Action<HealthChange> _onChange;
    private readonly List<(long Version, long At, bool IsHealthy)> _pendingChanges = [];
    private readonly PassiveSignals _passiveSignals;
    private Dictionary<CheckKey, (CheckState State, ServerHealthState Server)> _checks = [];
    private Dictionary<(GroupKey, IPAddress), ServerHealthState> _servers = [];
    private readonly Dictionary<(GroupKey, IPAddress), PathMtuResult> _mtu = [];
    private ImmutableDictionary<GroupKey, ImmutableHashSet<IPAddress>> _healthy = ImmutableDictionary<GroupKey, ImmutableHashSet<IPAddress>>.Empty;
    private ImmutableArray<ServerGroup> _knownGroups;

    /// <summary>What an earlier daemon reported, where its tables are no longer there; until this one has tables in force.</summary>
    private HealthReport? _previousReport;
    private EffectiveConfiguration? _evaluated;
    private EffectiveConfiguration? _applied;
    private long _version;
    private bool _isChanged = true;

    /// <summary>A book in which nobody is judged.</summary>
    /// <param name="time">The clock.</param>
    /// <param name="running">The tables that an earlier daemon left, or null.</param>
    /// <param name="reported">What an earlier daemon said of its servers, or null. It counts only without its tables: another version
    /// with another layout cannot take them over.</param>
    /// <param name="agents">Asked where pools require it; null: no agent ever reports.</param>
    /// <param name="onChange">Hears who became fit and unfit; must not block.</param>
    public HealthTracker(TimeProvider time, RunningGroups? running, HealthReport? reported, IAgentReports? agents, Action<HealthChange> onChange)
    {
        _time = time;
        _agents = agents;
        _onChange = onChange;
        _knownGroups = running?.Groups ?? [];
        _previousReport = running is null ? reported : null;
        _passiveSignals = new PassiveSignals(time);
        if (agents is not null)
            agents.Changed += ReevaluateAgents;
    }

    /// <inheritdoc/>
    public event Action? Changed;

    /// <summary>Raised, on the loop's thread, when there are other checks.</summary>
    public event Action<IReadOnlyCollection<Check>>? ChecksChanged;

    /// <summary>From the verdict that a server failed to tables without it.</summary>
    public DurationHistogram Removal { get; } = new();

    /// <summary>From the verdict that a server is fit to tables with it.</summary>
    public DurationHistogram Admission { get; } = new();

    /// <inheritdoc/>
    public ServerHealth Evaluate(EffectiveConfiguration configuration)
    {
        lock (_gate)
        {
            if (!ReferenceEquals(_evaluated, configuration))
            {
                foreach (var group in ConfiguredGroup.Of(configuration).Where(static g => g.Pool.IsMonitored))
                {
                    if (!_healthy.ContainsKey(group.Key))
                        _healthy = _healthy.Add(group.Key, InheritedHealthy(group));
                }
                _evaluated = configuration;
            }
            return new ServerHealth(_healthy, _version);
        }
    }

    /// <inheritdoc/>
    public void Applied(EffectiveConfiguration configuration, ForwardingTables tables, ServerHealth health)
    {
        List<Check>? checks = null;
        var changes = new List<HealthChange>();
        lock (_gate)
        {
            foreach (var (_, at, isHealthy) in _pendingChanges.Where(w => w.Version <= health.Version))
                (isHealthy ? Admission : Removal).Add(_time.GetElapsedTime(at));
            _pendingChanges.RemoveAll(w => w.Version <= health.Version);
            _knownGroups = tables.Groups;
            _previousReport = null;
            if (!ReferenceEquals(_applied, configuration))
            {
                checks = UpdateChecks(configuration, changes);
                _applied = _evaluated = configuration;
            }
        }
        if (checks is not null)
            ChecksChanged?.Invoke(checks);
        Publish(changes);
    }

    /// <summary>Takes in what came of a probe.</summary>
    /// <returns>True when the check has a verdict, now or before.</returns>
    public bool Record(CheckKey check, ProbeResult result)
    {
        HealthChange? change = null;
        bool isStatusKnown;
        lock (_gate)
        {
            if (!_checks.TryGetValue(check, out var known))
                return true;
            var before = known.State.Error;
            if (known.State.Record(result, known.Server.RiseOf(known.State), _time.GetUtcNow()))
            {
                _isChanged = true;
                change = Evaluate(known.Server);
            }
            _isChanged |= !ReferenceEquals(before, known.State.Error);
            isStatusKnown = known.State.Status != HealthStatus.Unknown;
        }
        if (change is not null)
            Publish([change]);
        return isStatusKnown;
    }

    /// <summary>Notes what passed by of a server and does not look well. It changes nothing by itself.</summary>
    /// <param name="server">The server's own address.</param>
    /// <param name="description">In words; few different ones.</param>
    public void RecordPassiveSignal(IPAddress server, string description)
    {
        lock (_gate)
        {
            _passiveSignals.Add(server, description);
            _isChanged = true;
        }
    }

    /// <summary>Notes what was found of the MTU of the way to a server.</summary>
    public void RecordPathMtu(GroupKey group, IPAddress server, PathMtuResult finding)
    {
        lock (_gate)
        {
            _mtu[(group, server)] = finding;
            _isChanged = true;
        }
    }

    /// <summary>Servers whose DSR path works, with a VIP that they answer for.</summary>
    internal IReadOnlyList<(GroupKey Group, IPAddress Server, string Name, IPAddress Vip)> ServersWithDsrPath()
    {
        lock (_gate)
            return
            [
                .. _servers.Values.Where(static s => s.DsrPath == HealthStatus.Up).Select(static s => (s.Server.Group, s.Server.Server.Address, s.Server.Server.Name,
                    s.Checks.First(static c => c.Check.Key.ThroughDsrPath).Check.Key.Target)),
            ];
    }

    /// <summary>The state of every server, when it changed since the last call; else null.</summary>
    public ImmutableArray<ServerHealthReport>? ReportIfChanged()
    {
        lock (_gate)
        {
            if (_passiveSignals.RemoveExpired())
                _isChanged = true;
            if (!_isChanged)
                return null;
            _isChanged = false;
            return [.. _servers.Values.OrderBy(static s => s.Server.Group.ToString(), StringComparer.Ordinal)
                .ThenBy(static s => s.Server.Server.Name, StringComparer.Ordinal).Select(ReportOf)];
        }
    }

    private ServerHealthReport ReportOf(ServerHealthState server)
    {
        var (group, address) = (server.Server.Group, server.Server.Server.Address);
        var failingCheck = server.FailingCheck;
        var isHealthy = IsHealthy(group, address);
        var mtu = _mtu.GetValueOrDefault((group, address));
        return new ServerHealthReport
        {
            Pool = group.Pool,
            Encap = group.Encap.ToString(),
            Name = server.Server.Server.Name,
            Address = address.ToString(),
            Healthy = isHealthy,
            Since = server.Since,
            DsrPath = TextOf(server.DsrPath),
            Service = TextOf(server.Service),
            Error = failingCheck is null ? null : Describe(failingCheck),
            ErrorAt = failingCheck?.ErrorAt,
            WaitsForAgent = !isHealthy && server.Status == HealthStatus.Up,
            PassiveSignals = _passiveSignals.Of(address),
            PathMtu = mtu?.PathMtu,
            MeasuredPathMtu = mtu?.MeasuredPathMtu,
            MtuProblem = mtu?.Problem,
            Checks = [.. server.Checks.Select(static c => new HealthCheckReport(c.Check.Key.Monitor, TargetOf(c.Check.Key),
                c.Check.Key.ThroughDsrPath ? "dsr-path" : "server", TextOf(c.Status), c.Since, c.Error, c.ErrorAt))],
        };
    }

    /// <summary>The checks of a configuration; what goes on keeps what is known of it, what has left is forgotten.</summary>
    private List<Check> UpdateChecks(EffectiveConfiguration configuration, List<HealthChange> changes)
    {
        var all = new List<Check>();
        var checks = new Dictionary<CheckKey, (CheckState, ServerHealthState)>();
        var servers = new Dictionary<(GroupKey, IPAddress), ServerHealthState>();
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
            var server = new ServerHealthState(watched, states) { Since = _servers.GetValueOrDefault(key)?.Since };
            servers[key] = server;
            foreach (var state in states)
                checks[state.Check.Key] = (state, server);
            all.AddRange(watched.Checks);
        }
        (_checks, _servers) = (checks, servers);
        foreach (var (group, healthy) in _healthy)
        {
            var remaining = healthy.Where(a => servers.ContainsKey((group, a))).ToImmutableHashSet();
            if (remaining.Count != healthy.Count)
                _healthy = _healthy.SetItem(group, remaining);
        }
        foreach (var removed in _mtu.Keys.Where(k => !servers.ContainsKey(k)).ToArray())
            _mtu.Remove(removed);
        // The rules of a pool, or its monitors, may have changed; and a pool may have none that find anything to ask for.
        changes.AddRange(servers.Values.Select(Evaluate).OfType<HealthChange>());
        _isChanged = true;
        return all;
    }

    private void ReevaluateAgents()
    {
        List<HealthChange> changes;
        lock (_gate)
            changes = [.. _servers.Values.Where(static s => s.Server.Pool.Admission.RequireAgent).Select(Evaluate).OfType<HealthChange>()];
        Publish(changes);
    }

    private HealthChange? Evaluate(ServerHealthState server)
    {
        var (group, address) = (server.Server.Group, server.Server.Server.Address);
        var isHealthy = IsHealthy(group, address);
        var verdict = server.Status;
        if (verdict == HealthStatus.Up && !isHealthy && IsAllowedByAgent(server))
            return SetHealthy(server, isHealthy: true);
        if (verdict != HealthStatus.Down || (!isHealthy && server.Since is not null))
            return null;
        if (isHealthy)
            return SetHealthy(server, isHealthy: false);
        // It never had traffic: nothing changes, but that is to be said once.
        server.Since = _time.GetUtcNow();
        return new HealthChange(group, server.Server.Server, false, ReasonOf(server));
    }

    private HealthChange SetHealthy(ServerHealthState server, bool isHealthy)
    {
        var (group, address) = (server.Server.Group, server.Server.Server.Address);
        var healthy = _healthy.GetValueOrDefault(group, ImmutableHashSet<IPAddress>.Empty);
        _healthy = _healthy.SetItem(group, isHealthy ? healthy.Add(address) : healthy.Remove(address));
        server.Since = _time.GetUtcNow();
        _pendingChanges.Add((++_version, _time.GetTimestamp(), isHealthy));
        _isChanged = true;
        return new HealthChange(group, server.Server.Server, isHealthy, isHealthy ? "" : ReasonOf(server));
    }

    private void Publish(List<HealthChange> changes)
    {
        foreach (var change in changes)
            _onChange(change);
        if (changes.Count > 0)
            Changed?.Invoke();
    }

    private bool IsAllowedByAgent(ServerHealthState server) => !server.Server.Pool.Admission.RequireAgent
        || _agents?.IsHealthy(server.Server.Server.Name, server.Server.Server.Address) == true;

    private bool IsHealthy(GroupKey group, IPAddress address) => _healthy.TryGetValue(group, out var healthy) && healthy.Contains(address);

    /// <summary>Those that have traffic already: from an earlier daemon, reached in another way, or not watched until now.</summary>
    private ImmutableHashSet<IPAddress> InheritedHealthy(ConfiguredGroup group)
    {
        var addresses = group.Pool.Servers.Where(static s => s.State != ServerState.Disabled).Select(static s => s.Address).ToHashSet();
        return [.. (_previousReport is null ? ServersWithTraffic(group.Key) : HealthyInReport(_previousReport, group.Key)).Where(addresses.Contains)];
    }

    private IEnumerable<IPAddress> ServersWithTraffic(GroupKey key)
    {
        var previous = _knownGroups.FirstOrDefault(g => g.Key == key) ?? _knownGroups.FirstOrDefault(g => g.Key.Pool == key.Pool);
        return (previous?.Servers ?? []).Where(static s => s is { HasFailed: false, Flows: FlowState.Keep } && (s.Weight > 0 || s.DrainingSince is not null))
            .Select(static s => s.Address);
    }

    private static IEnumerable<IPAddress> HealthyInReport(HealthReport report, GroupKey key)
    {
        var pool = report.Servers.Where(s => s.Pool == key.Pool).ToArray();
        var group = Array.FindAll(pool, s => s.Encap == key.Encap.ToString());
        return (group.Length > 0 ? group : pool).Where(static s => s.Healthy && IPAddress.TryParse(s.Address, out _)).Select(static s => IPAddress.Parse(s.Address));
    }

    private static string ReasonOf(ServerHealthState server) => server.FailingCheck is { } failingCheck ? Describe(failingCheck) : "";

    private static string Describe(CheckState state) =>
        $"{state.Check.Key.Monitor}, {TargetOf(state.Check.Key)}{(state.Check.Key.ThroughDsrPath ? "" : " at the server's own address")}: {state.Error}";

    private static string TargetOf(CheckKey key) =>
        key.Port == 0 ? key.Target.ToString() : string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{key.Target} {key.Port}");

    private static string TextOf(HealthStatus status) => status.ToString().ToLowerInvariant();
}

/// <summary>A server became fit or unfit.</summary>
/// <param name="Group">Which group's.</param>
/// <param name="Server">Which.</param>
/// <param name="IsHealthy">Now.</param>
/// <param name="Reason">Why it is unfit.</param>
public sealed record HealthChange(GroupKey Group, RealServer Server, bool IsHealthy, string Reason);
