using System.Collections.Immutable;
using System.Net;
using Sidestep.Api.Status;
using Sidestep.Forwarding;
using Sidestep.Model;

namespace Sidestep.Control.Health;

/// <summary>Tracks which servers are healthy, from the results of probes. Safe for threads.</summary>
/// <remarks>A new server is unhealthy until its checks are up. A server that had traffic under an earlier daemon or an
/// earlier configuration keeps its state until its checks have a status. While too few servers of a group are healthy,
/// it is in panic mode: unhealthy servers that answer get new flows, too.</remarks>
public sealed class HealthTracker : IHealth
{
    private readonly Lock _gate = new();
    private readonly TimeProvider _time;
    private readonly IAgentReports? _agents;
    private readonly Action<HealthChange> _onChange;
    private readonly List<(long Version, long At, bool IsHealthy)> _pendingChanges = [];
    private readonly PassiveSignals _passiveSignals;
    private Dictionary<CheckKey, TrackedCheck> _checks = [];
    private Dictionary<(GroupKey, VrfAddress), ServerHealthState> _servers = [];
    private Dictionary<GroupKey, ServerHealthState[]> _byGroup = [];
    private Dictionary<TargetKey, TargetState> _targets = [];
    private GroupNames _groupNames = new([]);
    private readonly Dictionary<(GroupKey, VrfAddress), PathMtuResult> _mtu = [];
    private ImmutableDictionary<GroupKey, GroupHealth> _groups = ImmutableDictionary<GroupKey, GroupHealth>.Empty;
    private ImmutableArray<ServerGroup> _knownGroups;

    /// <summary>The health that an earlier daemon saved, whose tables are lost; null once this daemon has applied
    /// tables.</summary>
    private SavedHealth? _saved;

    /// <summary>Null once this daemon has listed its own checks.</summary>
    private VerifiedChecks? _verifiedBefore;
    private EffectiveConfiguration? _evaluated;
    private EffectiveConfiguration? _applied;
    private long _version;

    /// <summary>True while the healthy servers differ from those that <see cref="SaveIfChanged"/> returned
    /// last.</summary>
    private bool _isChanged = true;

    /// <summary>Creates a tracker without checks.</summary>
    /// <param name="time">The clock.</param>
    /// <param name="running">The tables that an earlier daemon left, or null.</param>
    /// <param name="saved">What an earlier daemon saved, or null. Which servers were healthy is used only without that
    /// daemon's tables, which a version with another layout cannot take over.</param>
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
        _verifiedBefore = saved is null ? null : new VerifiedChecks(saved);
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
                AddGroups(configuration);
                _evaluated = configuration;
            }
            return new ServerHealth(_groups, _version);
        }
    }

    /// <inheritdoc/>
    public void Applied(EffectiveConfiguration configuration, ForwardingTables tables, ServerHealth health)
    {
        List<Check>? checks = null;
        var changes = new List<HealthChange>();
        var hasChanged = false;
        lock (_gate)
        {
            foreach (var (_, at, isHealthy) in _pendingChanges.Where(w => w.Version <= health.Version))
                (isHealthy ? Admission : Removal).Add(_time.GetElapsedTime(at));
            _pendingChanges.RemoveAll(w => w.Version <= health.Version);
            _knownGroups = tables.Groups;
            _saved = null;
            if (!ReferenceEquals(_applied, configuration))
            {
                var before = _groups;
                checks = UpdateChecks(configuration, changes);
                hasChanged = _groups.Any(g => before.TryGetValue(g.Key, out var previous)
                    && previous.IsInPanic != g.Value.IsInPanic);
                _version += hasChanged ? 1 : 0;
                _applied = _evaluated = configuration;
            }
        }
        if (checks is not null)
            ChecksChanged?.Invoke(checks);
        Publish(changes, hasChanged);
    }

    /// <summary>Records the result of a probe.</summary>
    /// <returns>True when the check is up or down, or no longer exists; false while its status is unknown.</returns>
    public bool Record(CheckKey check, ProbeResult result)
    {
        var changes = new List<HealthChange>();
        bool isStatusKnown;
        long version;
        lock (_gate)
        {
            if (!_checks.TryGetValue(check, out var known))
                return true;
            version = _version;
            var wasUnserved = known.State.Target.IsUnserved;
            var wasVerified = known.State.WasUp;
            if (known.State.Record(result, _time.GetUtcNow()))
            {
                Evaluate(known.Servers, changes);
                // What no server serves counts for none of them, so this may concern those that wait for admission.
                if (known.State.Target.IsUnserved != wasUnserved)
                    Evaluate(known.State.Target.Servers.Where(static s => !s.HasServed), changes);
                _isChanged |= known.State.WasUp != wasVerified;
            }
            isStatusKnown = known.State.Status != HealthStatus.Unknown;
            version = _version - version;
        }
        Publish(changes, hasChanged: version != 0);
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
    /// <param name="group">Pool and encapsulation.</param>
    /// <param name="server">The server's own address.</param>
    /// <param name="result">The measurement.</param>
    public void RecordPathMtu(GroupKey group, VrfAddress server, PathMtuResult result)
    {
        lock (_gate)
            _mtu[(group, server)] = result;
    }

    /// <summary>Servers whose DSR path is up, once for each pool and encapsulation, with a VIP that they
    /// serve.</summary>
    internal IReadOnlyList<(GroupKey Group, VrfAddress Server, string Name, IPAddress Vip)> ServersWithDsrPath()
    {
        lock (_gate)
            return
            [
                .. _servers.Values.Where(static s => s.Others.Count == 0 && s.DsrPath == HealthStatus.Up)
                    .DistinctBy(static s => (s.Server.Group.Shared, s.Server.Server.VrfAddress))
                    .Select(static s => (s.Server.Group.Shared, s.Server.Server.VrfAddress, s.Server.Server.Name,
                    s.Checks.First(static c => c is { Check.Key.ThroughDsrPath: true, Status: HealthStatus.Up })
                        .Check.Key.Target)),
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
                    HealthOf(s.Server.Group).Serves(s.Server.Server.VrfAddress))
                {
                    Service = s.Server.Group.Service?.ToString(),
                    VerifiedChecks = [.. s.Checks.Where(static c => c.WasUp).Select(static c =>
                        CheckText.NameOf(c.Check.Key))],
                })],
            };
        }
    }

    private IEnumerable<ServerHealthState> InOrder() =>
        _servers.Values.OrderBy(static s => s.Server.Group.ToString(), StringComparer.Ordinal)
            .ThenBy(static s => s.Server.Group.Service?.ToString(), StringComparer.Ordinal)
            .ThenBy(static s => s.Server.Server.Name, StringComparer.Ordinal);

    private ServerHealthReport ReportOf(ServerHealthState server)
    {
        var (group, address) = (server.Server.Group, server.Server.Server.VrfAddress);
        return ServerHealthReports.Of(server, HealthOf(group), _mtu.GetValueOrDefault((group.Shared, address)),
            _passiveSignals.Of(address));
    }

    /// <summary>Replaces the checks by those of a configuration. Checks that continue keep their status; removed ones
    /// lose it.</summary>
    private List<Check> UpdateChecks(EffectiveConfiguration configuration, List<HealthChange> changes)
    {
        var checks = new Dictionary<CheckKey, TrackedCheck>();
        var servers = new Dictionary<(GroupKey, VrfAddress), ServerHealthState>();
        var targets = new Dictionary<TargetKey, TargetState>();
        foreach (var monitored in CheckList.Of(configuration, IsVerified))
        {
            var key = (monitored.Group, monitored.Server.VrfAddress);
            var previous = _servers.GetValueOrDefault(key);
            var serves = HealthOf(monitored.Group) is var health
                && (health.Healthy.Contains(key.VrfAddress) || health.Answering.Contains(key.VrfAddress));
            var listed = monitored.Checks.Select(c => TrackedCheckOf(c, serves, checks, targets)).ToArray();
            var server = new ServerHealthState(monitored, [.. listed.Select(static c => c.State)])
            {
                Since = previous?.Since,
                HasServed = serves || previous is { HasServed: true },
            };
            servers[key] = server;
            foreach (var check in listed)
            {
                check.Servers.Add(server);
                check.State.Target.Servers.Add(server);
            }
        }
        LetOthersDecide(servers.Values);
        (_checks, _servers, _targets) = (checks, servers, targets);
        _verifiedBefore = null;
        _byGroup = servers.Values.GroupBy(static s => s.Server.Group).ToDictionary(static g => g.Key,
            static g => g.ToArray());
        _groupNames = new GroupNames(_byGroup.Keys);
        _groups = _groups.RemoveRange(_groups.Keys.Where(g => !_byGroup.ContainsKey(g)));
        foreach (var (group, health) in _groups)
        {
            SetGroup(group, health with
            {
                Healthy = Remaining(health.Healthy),
                Answering = Remaining(health.Answering),
            });

            ImmutableHashSet<VrfAddress> Remaining(ImmutableHashSet<VrfAddress> known) =>
                known.All(a => servers.ContainsKey((group, a))) ? known
                : known.Where(a => servers.ContainsKey((group, a))).ToImmutableHashSet();
        }
        var reached = servers.Keys.Select(static k => (k.Item1.Shared, k.Item2)).ToHashSet();
        foreach (var removed in _mtu.Keys.Where(k => !reached.Contains(k)).ToArray())
            _mtu.Remove(removed);
        // The rules of a pool or its monitors may have changed, and a pool may have monitors without any check.
        changes.AddRange(servers.Values.Select(Evaluate).OfType<HealthChange>());
        _isChanged = true;
        return [.. checks.Values.Select(static c => c.State.Check)];
    }

    /// <summary>The state of a check, which an earlier configuration, or another group of this one, may have.</summary>
    private TrackedCheck TrackedCheckOf(Check check, bool serves, Dictionary<CheckKey, TrackedCheck> checks,
        Dictionary<TargetKey, TargetState> targets)
    {
        if (checks.TryGetValue(check.Key, out var listed))
        {
            if (serves)
                listed.State.Check = listed.State.Check with { IsForAdmission = false };
            return listed;
        }
        var known = _checks.GetValueOrDefault(check.Key)?.State;
        var state = known ?? new CheckState(check);
        state.Check = check with { IsForAdmission = !serves };
        var target = TargetKey.Of(check.Key);
        if (!targets.TryGetValue(target, out var common))
            targets.Add(target, common = new TargetState());
        state.Target = common;
        if (known is null && _verifiedBefore?.Contains(check.Key) == true)
            state.SetVerified();
        checks.Add(check.Key, listed = new TrackedCheck(state));
        return listed;
    }

    /// <summary>Where no monitor suits a service, the other services of the pool say whether its servers are
    /// up.</summary>
    private static void LetOthersDecide(IReadOnlyCollection<ServerHealthState> servers)
    {
        if (servers.All(static s => s.Checks.Count > 0))
            return;
        var checkedServers = servers.Where(static s => s.Checks.Count > 0)
            .ToLookup(static s => (s.Server.Group.Shared, s.Server.Server.VrfAddress));
        foreach (var server in servers.Where(static s => s.Checks.Count == 0))
            server.DependOn([.. checkedServers[(server.Server.Group.Shared, server.Server.Server.VrfAddress)]]);
    }

    /// <summary>True if a server was up at a target for the services of a group.</summary>
    private bool IsVerified(GroupKey group, HealthMonitor monitor, ProbeTarget target)
    {
        var check = CheckText.NameOf(monitor.Name, target.Address, target.Port, throughDsrPath: true);
        var known = _targets.GetValueOrDefault(
            new TargetKey(group.Shared, monitor.Name, target.Address, target.Port));
        var isKnown = known is { IsVerified: true } && known.Servers.Exists(s => group.Service is null
            || s.Server.Group.Service is null || s.Server.Group.Service == group.Service);
        return isKnown || _verifiedBefore?.Contains(group, check) == true;
    }

    private void ReevaluateAgents()
    {
        List<HealthChange> changes;
        lock (_gate)
            changes = [.. _servers.Values.Where(static s => s.Server.Pool.Admission.RequireAgent).Select(Evaluate)
                .OfType<HealthChange>()];
        Publish(changes, changes.Count > 0);
    }

    /// <summary>Evaluates servers, and those that depend on them.</summary>
    private void Evaluate(IEnumerable<ServerHealthState> servers, List<HealthChange> changes)
    {
        foreach (var server in servers.SelectMany(static s => s.Dependents.Prepend(s)))
        {
            if (Evaluate(server) is { } change)
                changes.Add(change);
        }
    }

    private HealthChange? Evaluate(ServerHealthState server)
    {
        var (group, address) = (server.Server.Group, server.Server.Server.VrfAddress);
        var isHealthy = IsHealthy(group, address);
        var status = server.Status;
        if (status == HealthStatus.Up && !isHealthy && IsAllowedByAgent(server))
            return SetHealthy(server, isHealthy: true);
        if (!isHealthy)
            SetAnswering(server);
        if (status != HealthStatus.Down || (!isHealthy && server.Since is not null))
            return null;
        if (isHealthy)
            return SetHealthy(server, isHealthy: false);
        // It never had traffic, so nothing changes, but the operator is notified once.
        server.Since = _time.GetUtcNow();
        return new HealthChange(_groupNames.Of(group), server.Server.Server, false, ReasonOf(server));
    }

    private HealthChange SetHealthy(ServerHealthState server, bool isHealthy)
    {
        var (group, address) = (server.Server.Group, server.Server.Server.VrfAddress);
        var health = HealthOf(group);
        server.HasServed = true;
        SetGroup(group, isHealthy
            ? health with { Healthy = health.Healthy.Add(address), Answering = health.Answering.Remove(address) }
            : health with
            {
                Healthy = health.Healthy.Remove(address),
                Answering = server.Responds == true ? health.Answering.Add(address) : health.Answering,
            });
        server.Since = _time.GetUtcNow();
        _pendingChanges.Add((++_version, _time.GetTimestamp(), isHealthy));
        _isChanged = true;
        return new HealthChange(
            _groupNames.Of(group), server.Server.Server, isHealthy, isHealthy ? "" : ReasonOf(server));
    }

    /// <summary>Updates whether an unhealthy server, which has served before, still answers.</summary>
    private void SetAnswering(ServerHealthState server)
    {
        if (!server.HasServed || server.Responds is not { } answers)
            return;
        var (group, address) = (server.Server.Group, server.Server.Server.VrfAddress);
        var health = HealthOf(group);
        var next = answers ? health.Answering.Add(address) : health.Answering.Remove(address);
        if (ReferenceEquals(next, health.Answering))
            return;
        SetGroup(group, health with { Answering = next });
        _version++;
        _isChanged = true;
    }

    /// <summary>Replaces the health of a group, unless nothing changed.</summary>
    private void SetGroup(GroupKey group, GroupHealth health)
    {
        var next = health with
        {
            IsInPanic = PanicRule.IsInPanic(_byGroup.GetValueOrDefault(group, []), health),
        };
        if (!_groups.TryGetValue(group, out var previous) || previous != next)
            _groups = _groups.SetItem(group, next);
    }

    private void Publish(List<HealthChange> changes, bool hasChanged)
    {
        foreach (var change in changes)
            _onChange(change);
        if (hasChanged || changes.Count > 0)
            Changed?.Invoke();
    }

    private bool IsAllowedByAgent(ServerHealthState server) => !server.Server.Pool.Admission.RequireAgent
        || _agents?.IsHealthy(server.Server.Server) == true;

    private bool IsHealthy(GroupKey group, VrfAddress address) =>
        HealthOf(group).Healthy.Contains(address);

    private GroupHealth HealthOf(GroupKey group) => _groups.GetValueOrDefault(group, GroupHealth.None);

    /// <summary>Adds the groups of a configuration that are not known yet.</summary>
    private void AddGroups(EffectiveConfiguration configuration)
    {
        var groups = ConfiguredGroup.Of(configuration);
        ConfiguredGroup[] added = [.. groups.Where(g => g.Pool.IsMonitored && !_groups.ContainsKey(g.Key))];
        if (added.Length == 0)
            return;
        var history = new GroupHistory(_knownGroups, groups.Select(static g => g.Key).ToHashSet().Contains);
        _groups = _groups.AddRange(added.Select(g =>
            KeyValuePair.Create(g.Key, InheritedHealth(g, history) ?? KnownHealth(g, configuration))));
    }

    /// <summary>The servers that have traffic already: from an earlier daemon, in another encapsulation, without
    /// monitors, or when their services shared a group. Null: the group is new.</summary>
    private GroupHealth? InheritedHealth(ConfiguredGroup group, GroupHistory history)
    {
        var addresses = group.Pool.Servers.Where(static s => s.State != ServerState.Disabled)
            .Select(static s => s.VrfAddress).ToHashSet();
        if (_saved is not null)
            return new GroupHealth([.. _saved.HealthyIn(group.Key).Where(addresses.Contains)]);
        if (history.Predecessor(group.Key) is not { } previous)
            return null;
        var known = previous.Servers
            .Where(s => s.Flows == FlowState.Keep && addresses.Contains(s.VrfAddress)).ToArray();
        return new GroupHealth([.. known
            .Where(static s => !s.HasFailed && (s.Weight > 0 || s.DrainingSince is not null))
            .Select(static s => s.VrfAddress)])
        {
            Answering = [.. known.Where(static s => s.HasFailed).Select(static s => s.VrfAddress)],
            IsInPanic = known.Any(static s => s is { HasFailed: true, Weight: > 0 }),
        };
    }

    /// <summary>The servers of a new group whose checks other groups have, too, and that are up there.</summary>
    private GroupHealth KnownHealth(ConfiguredGroup group, EffectiveConfiguration configuration)
    {
        var healthy = ImmutableHashSet.CreateBuilder<VrfAddress>();
        foreach (var server in CheckList.Of(group, configuration, IsVerified))
        {
            CheckState?[] checks = [.. server.Checks.Select(c => _checks.GetValueOrDefault(c.Key)?.State)];
            var isUp = checks.Length == 0
                ? _groups.Any(g => g.Key.Shared == group.Key.Shared
                    && g.Value.Healthy.Contains(server.Server.VrfAddress))
                : checks.All(static c => c is not null)
                    && new ServerHealthState(server, checks!) is var state && state.Status == HealthStatus.Up
                    && IsAllowedByAgent(state);
            if (isUp)
                healthy.Add(server.Server.VrfAddress);
        }
        return new GroupHealth(healthy.ToImmutable());
    }

    private static string ReasonOf(ServerHealthState server) =>
        server.FailingCheck is { } failingCheck ? CheckText.Describe(failingCheck) : "";

    /// <summary>A check, and the servers that it counts for: one in each group that has it.</summary>
    private sealed class TrackedCheck(CheckState state)
    {
        internal CheckState State { get; } = state;

        internal List<ServerHealthState> Servers { get; } = [];
    }

    /// <summary>A target that the servers of a pool have in common.</summary>
    /// <param name="Group">Pool and encapsulation.</param>
    /// <param name="Monitor">Name of the monitor.</param>
    /// <param name="Vip">The VIP; null: each server's own address.</param>
    /// <param name="Port">Destination port; 0 where there are no ports.</param>
    private readonly record struct TargetKey(GroupKey Group, string Monitor, IPAddress? Vip, int Port)
    {
        internal static TargetKey Of(CheckKey key) =>
            new(key.Group, key.Monitor, key.ThroughDsrPath ? key.Target : null, key.Port);
    }
}

/// <summary>A change of a server's health.</summary>
/// <param name="Group">Name of the server's group: <c>web/l2</c>.</param>
/// <param name="Server">The server.</param>
/// <param name="IsHealthy">True: it became healthy.</param>
/// <param name="Reason">Why it is unhealthy; empty when it is healthy.</param>
public sealed record HealthChange(string Group, RealServer Server, bool IsHealthy, string Reason);
