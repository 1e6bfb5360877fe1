using System.Collections.Immutable;
using System.Net;
using Sidestep.Api.Status;
using Sidestep.Forwarding;
using Sidestep.Model;

namespace Sidestep.Control.Health;

/// <summary>Tracks which servers are healthy, from the results of probes. Safe for threads.</summary>
/// <remarks>A new server is unhealthy until its checks are up. A server that had traffic under an earlier daemon or an
/// earlier configuration keeps its state until its checks have a status.</remarks>
public sealed class HealthTracker : IHealth
{
    private readonly Lock _gate = new();
    private readonly TimeProvider _time;
    private readonly IAgentReports? _agents;
    private readonly Action<HealthChange> _onChange;
    private readonly List<(long Version, long At, bool IsHealthy)> _pendingChanges = [];
    private readonly PassiveSignals _passiveSignals;
    private Dictionary<CheckKey, (CheckState State, ServerHealthState Server)> _checks = [];
    private Dictionary<(GroupKey, VrfAddress), ServerHealthState> _servers = [];
    private readonly Dictionary<(GroupKey, VrfAddress), PathMtuResult> _mtu = [];
    private ImmutableDictionary<GroupKey, ImmutableHashSet<VrfAddress>> _healthy =
        ImmutableDictionary<GroupKey, ImmutableHashSet<VrfAddress>>.Empty;
    private ImmutableArray<ServerGroup> _knownGroups;

    /// <summary>The health that an earlier daemon saved, whose tables are lost; null once this daemon has applied
    /// tables.</summary>
    private SavedHealth? _saved;
    private EffectiveConfiguration? _evaluated;
    private EffectiveConfiguration? _applied;
    private long _version;

    /// <summary>True while the healthy servers differ from those that <see cref="SaveIfChanged"/> returned
    /// last.</summary>
    private bool _isChanged = true;

    /// <summary>Creates a tracker without checks.</summary>
    /// <param name="time">The clock.</param>
    /// <param name="running">The tables that an earlier daemon left, or null.</param>
    /// <param name="saved">The health that an earlier daemon saved, or null. It is used only without that daemon's
    /// tables, which a version with another layout cannot take over.</param>
    /// <param name="agents">Used where pools require an agent for admission; null: no agent ever reports.</param>
    /// <param name="onChange">Called when a server becomes healthy or unhealthy; must not block.</param>
    public HealthTracker(
        TimeProvider time, RunningGroups? running, SavedHealth? saved, IAgentReports? agents,
        Action<HealthChange> onChange)
    {
        _time = time;
        _agents = agents;
        _onChange = onChange;
        _knownGroups = running?.Groups ?? [];
        _saved = running is null ? saved : null;
        _passiveSignals = new PassiveSignals(time);
        if (agents is not null)
            agents.Changed += ReevaluateAgents;
    }

    /// <inheritdoc/>
    public event Action? Changed;

    /// <summary>Raised, on the thread of the control loop, when the set of checks changes.</summary>
    public event Action<IReadOnlyCollection<Check>>? ChecksChanged;

    /// <summary>Time from the decision that a server is unhealthy to applied tables without it.</summary>
    public DurationHistogram Removal { get; } = new();

    /// <summary>Time from the decision that a server is healthy to applied tables with it.</summary>
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
            _saved = null;
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

    /// <summary>Records the result of a probe.</summary>
    /// <returns>True when the check is up or down, or no longer exists; false while its status is unknown.</returns>
    public bool Record(CheckKey check, ProbeResult result)
    {
        HealthChange? change = null;
        bool isStatusKnown;
        lock (_gate)
        {
            if (!_checks.TryGetValue(check, out var known))
                return true;
            if (known.State.Record(result, _time.GetUtcNow()))
                change = Evaluate(known.Server);
            isStatusKnown = known.State.Status != HealthStatus.Unknown;
        }
        if (change is not null)
            Publish([change]);
        return isStatusKnown;
    }

    /// <summary>Records a fault that showed in traffic. It appears in reports, and does not change the health of the
    /// server.</summary>
    /// <param name="server">The server's own address.</param>
    /// <param name="description">One of few different texts.</param>
    public void RecordPassiveSignal(VrfAddress server, string description)
    {
        lock (_gate)
            _passiveSignals.Add(server, description);
    }

    /// <summary>Records the measured path MTU of a server.</summary>
    public void RecordPathMtu(GroupKey group, VrfAddress server, PathMtuResult result)
    {
        lock (_gate)
            _mtu[(group, server)] = result;
    }

    /// <summary>Servers whose DSR path is up, each with a VIP that it serves.</summary>
    internal IReadOnlyList<(GroupKey Group, VrfAddress Server, string Name, IPAddress Vip)> ServersWithDsrPath()
    {
        lock (_gate)
            return
            [
                .. _servers.Values.Where(static s => s.DsrPath == HealthStatus.Up)
                    .Select(static s => (s.Server.Group, s.Server.Server.VrfAddress, s.Server.Server.Name,
                    s.Checks.First(static c => c.Check.Key.ThroughDsrPath).Check.Key.Target)),
            ];
    }

    /// <summary>The health of every server, ordered by group and name.</summary>
    public ImmutableArray<ServerHealthReport> Report()
    {
        lock (_gate)
        {
            _passiveSignals.RemoveExpired();
            return [.. InOrder().Select(ReportOf)];
        }
    }

    /// <summary>What the next daemon needs if it cannot take over the tables; null when nothing changed since the last
    /// call.</summary>
    public SavedHealth? SaveIfChanged()
    {
        lock (_gate)
        {
            if (!_isChanged)
                return null;
            _isChanged = false;
            return new SavedHealth
            {
                Servers = [.. InOrder().Select(s => new SavedServerHealth(s.Server.Group.Pool.ToString(),
                    s.Server.Group.Encap.ToString(), s.Server.Server.VrfAddress.ToString(),
                    IsHealthy(s.Server.Group, s.Server.Server.VrfAddress)))],
            };
        }
    }

    private IEnumerable<ServerHealthState> InOrder() =>
        _servers.Values.OrderBy(static s => s.Server.Group.ToString(), StringComparer.Ordinal)
            .ThenBy(static s => s.Server.Server.Name, StringComparer.Ordinal);

    private ServerHealthReport ReportOf(ServerHealthState server)
    {
        var (group, address) = (server.Server.Group, server.Server.Server.VrfAddress);
        var failingCheck = server.FailingCheck;
        var isHealthy = IsHealthy(group, address);
        var mtu = _mtu.GetValueOrDefault((group, address));
        return new ServerHealthReport
        {
            Pool = group.Pool.ToString(),
            Encap = group.Encap.ToString(),
            Name = server.Server.Server.Name,
            Address = address.Address,
            Healthy = isHealthy,
            Since = server.Since,
            DsrPath = server.DsrPath,
            Service = server.Service,
            Error = failingCheck is null ? null : Describe(failingCheck),
            ErrorAt = failingCheck?.ErrorAt,
            WaitsForAgent = !isHealthy && server.Status == HealthStatus.Up,
            PassiveSignals = _passiveSignals.Of(address),
            PathMtu = mtu?.PathMtu,
            MeasuredPathMtu = mtu?.MeasuredPathMtu,
            MtuProblem = mtu?.Problem,
            Checks = [.. server.Checks.Select(static c => new HealthCheckReport
            {
                Monitor = c.Check.Key.Monitor,
                Target = TargetOf(c.Check.Key),
                ProbePath = c.Check.Key.ThroughDsrPath ? "dsr-path" : "server",
                Status = c.Status,
                Since = c.Since,
                Error = c.Error,
                ErrorAt = c.ErrorAt,
            })],
        };
    }

    /// <summary>Replaces the checks by those of a configuration. Checks that continue keep their status; removed ones
    /// lose it.</summary>
    private List<Check> UpdateChecks(EffectiveConfiguration configuration, List<HealthChange> changes)
    {
        var all = new List<Check>();
        var checks = new Dictionary<CheckKey, (CheckState, ServerHealthState)>();
        var servers = new Dictionary<(GroupKey, VrfAddress), ServerHealthState>();
        foreach (var monitored in CheckList.Of(configuration))
        {
            var states = monitored.Checks.Select(c =>
            {
                if (!_checks.TryGetValue(c.Key, out var known))
                    return new CheckState(c);
                known.State.Check = c;
                return known.State;
            }).ToArray();
            var key = (monitored.Group, monitored.Server.VrfAddress);
            var server = new ServerHealthState(monitored, states) { Since = _servers.GetValueOrDefault(key)?.Since };
            servers[key] = server;
            foreach (var state in states)
                checks[state.Check.Key] = (state, server);
            all.AddRange(monitored.Checks);
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
        // The rules of a pool or its monitors may have changed, and a pool may have monitors without any check.
        changes.AddRange(servers.Values.Select(Evaluate).OfType<HealthChange>());
        _isChanged = true;
        return all;
    }

    private void ReevaluateAgents()
    {
        List<HealthChange> changes;
        lock (_gate)
            changes = [.. _servers.Values.Where(static s => s.Server.Pool.Admission.RequireAgent).Select(Evaluate)
                .OfType<HealthChange>()];
        Publish(changes);
    }

    private HealthChange? Evaluate(ServerHealthState server)
    {
        var (group, address) = (server.Server.Group, server.Server.Server.VrfAddress);
        var isHealthy = IsHealthy(group, address);
        var status = server.Status;
        if (status == HealthStatus.Up && !isHealthy && IsAllowedByAgent(server))
            return SetHealthy(server, isHealthy: true);
        if (status != HealthStatus.Down || (!isHealthy && server.Since is not null))
            return null;
        if (isHealthy)
            return SetHealthy(server, isHealthy: false);
        // It never had traffic, so nothing changes, but the operator is notified once.
        server.Since = _time.GetUtcNow();
        return new HealthChange(group, server.Server.Server, false, ReasonOf(server));
    }

    private HealthChange SetHealthy(ServerHealthState server, bool isHealthy)
    {
        var (group, address) = (server.Server.Group, server.Server.Server.VrfAddress);
        var healthy = _healthy.GetValueOrDefault(group, ImmutableHashSet<VrfAddress>.Empty);
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
        || _agents?.IsHealthy(server.Server.Server) == true;

    private bool IsHealthy(GroupKey group, VrfAddress address) =>
        _healthy.TryGetValue(group, out var healthy) && healthy.Contains(address);

    /// <summary>The servers that have traffic already: from an earlier daemon, in another encapsulation, or without
    /// monitors.</summary>
    private ImmutableHashSet<VrfAddress> InheritedHealthy(ConfiguredGroup group)
    {
        var addresses = group.Pool.Servers.Where(static s => s.State != ServerState.Disabled)
            .Select(static s => s.VrfAddress).ToHashSet();
        var inherited = _saved is null ? ServersWithTraffic(group.Key) : _saved.HealthyIn(group.Key);
        return [.. inherited.Where(addresses.Contains)];
    }

    private IEnumerable<VrfAddress> ServersWithTraffic(GroupKey key)
    {
        var previous = _knownGroups.FirstOrDefault(g => g.Key == key)
            ?? _knownGroups.FirstOrDefault(g => g.Key.Pool == key.Pool);
        return (previous?.Servers ?? [])
            .Where(static s => s is { HasFailed: false, Flows: FlowState.Keep }
            && (s.Weight > 0 || s.DrainingSince is not null))
            .Select(static s => s.VrfAddress);
    }

    private static string ReasonOf(ServerHealthState server) =>
        server.FailingCheck is { } failingCheck ? Describe(failingCheck) : "";

    private static string Describe(CheckState state) =>
        $"{state.Check.Key.Monitor}, {TargetOf(state.Check.Key)}"
            + $"{(state.Check.Key.ThroughDsrPath ? "" : " at the server's own address")}: {state.Error}";

    private static string TargetOf(CheckKey key) =>
        key.Port == 0 ? key.Target.ToString()
            : string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{key.Target} {key.Port}");
}

/// <summary>A change of a server's health.</summary>
/// <param name="Group">The group of the server.</param>
/// <param name="Server">The server.</param>
/// <param name="IsHealthy">True: it became healthy.</param>
/// <param name="Reason">Why it is unhealthy; empty when it is healthy.</param>
public sealed record HealthChange(GroupKey Group, RealServer Server, bool IsHealthy, string Reason);
