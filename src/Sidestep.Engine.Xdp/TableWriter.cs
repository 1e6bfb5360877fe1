using System.Globalization;
using Sidestep.Engine.Xdp.Layout;
using Sidestep.Forwarding;
using Sidestep.Model;
using Sidestep.Native;
using Sidestep.Packets;

namespace Sidestep.Engine.Xdp;

/// <summary>Writes tables into the maps, atomically for packets; writes only what differs.</summary>
internal sealed class TableWriter
{
    private readonly StateMaps _maps;
    private readonly IdAllocator<string> _serviceIds;
    private readonly IdAllocator<ServerKey> _serverIds;
    private readonly SlotStore _slots;
    private readonly PrefixStore _prefixes;
    private readonly FlowTable _flows;
    private readonly ProfileTable _profiles;
    private readonly ServerWriter[] _servers = [new(), new()];
    private Dictionary<GroupKey, PlacedGroup> _groups;

    /// <summary>Slots that packets use, including those that an earlier process wrote.</summary>
    private Dictionary<GroupKey, SlotRanges> _slotsInUse;

    /// <summary>Starts with the contents of the maps.</summary>
    internal TableWriter(StateMaps maps)
    {
        _maps = maps;
        var running = RunningTables.Read(maps);
        running.ClearOtherLabels(maps);
        _serviceIds = new IdAllocator<string>(
            0, Constants.ServiceCapacity, Constants.ServiceCapacity, running.Services);
        _serverIds = new IdAllocator<ServerKey>(1, Constants.InlineServers, Constants.ServerCapacity, running.Servers);
        _slots = new SlotStore(maps.SlotsOf, running.Slots.Values);
        _prefixes = new PrefixStore(new PrefixTrie(maps.Map(StateMaps.PrefixesMap)));
        _flows = new FlowTable(maps);
        _profiles = new ProfileTable(maps.Active.Profiles);
        _groups = [];
        _slotsInUse = new Dictionary<GroupKey, SlotRanges>(running.Slots);
    }

    internal static EngineCapabilities Capabilities { get; } = new(
        "xdp", Constants.ServiceCapacity, Constants.ServerCapacity - 1, Constants.SlotBlocks / 2 * Constants.BlockSlots,
        Constants.Interfaces);

    /// <summary>True while a service uses a least-connections algorithm.</summary>
    internal bool UsesLeastConnections { get; private set; }

    /// <summary>Implements <see cref="IEngine.Apply"/>.</summary>
    internal void Apply(ForwardingTables tables)
    {
        CheckCapacity(tables);
        ref var control = ref _maps.Control;
        var next = (control.Active ^ 1) & 1;

        // 1. ids, with cleared counters and labels, before anything refers to them
        var services = tables.Services.Select(static s => s.Name).ToHashSet();
        var leavingServices = _serviceIds.Keys.Where(n => !services.Contains(n)).ToArray();
        foreach (var added in _serviceIds.Allocate(services, leavingServices))
            ClearService(_serviceIds[added]);
        var leavingServers = LeavingServers(tables);
        var groups = new Dictionary<GroupKey, PlacedGroup>();
        IReadOnlySet<uint> sets;
        try
        {
            // 2. slot tables that changed, beside those in use
            var trackingGroups = GroupsOf(tables, BankWriter.TracksFlows);
            var ignoringWeights = GroupsOf(tables, static s => s.Algorithm == Algorithm.LeastConnections);
            foreach (var group in tables.Groups)
            {
                groups.Add(group.Key, Place(
                    group, trackingGroups.Contains(group.Key), ignoringWeights.Contains(group.Key), leavingServers));
            }
            LabelServices(tables);

            // 3. the bank that no packet reads
            _servers[next].Write(_maps.Bank(next), groups);
            sets = new BankWriter(_maps.Bank(next), tables, groups, n => _serviceIds[n], _prefixes, _profiles).Write();
        }
        catch
        {
            foreach (var (key, group) in groups)
            {
                if (group.Slots != _slotsInUse.GetValueOrDefault(key))
                    _slots.Free(group.Slots);
            }
            throw;
        }

        // 4. the flip: everything above is visible before the one word that leads to it. From here on nothing is
        // reverted.
        control.AppliedAt = (ulong)DateTimeOffset.UtcNow.ToUnixTimeMilliseconds();
        Volatile.Write(ref control.Revision, control.Revision + 1);
        Interlocked.MemoryBarrier();
        Volatile.Write(ref control.Active, next);

        // 5. what only the previous bank referred to is freed once its last reader is done
        Kernel.WaitForRunningPrograms();
        Commit(groups, leavingServices, leavingServers);
        _prefixes.RetainOnly(sets);
        UsesLeastConnections = tables.Services.Any(
            static s => s.Algorithm is Algorithm.LeastConnections or Algorithm.WeightedLeastConnections);
    }

    /// <summary>Id of a server; null when it has none.</summary>
    internal int? IdOf(ServerKey server) => _serverIds.TryFind(server, out var id) ? id : null;

    /// <summary>Implements <see cref="IEngine.ReadFlows"/>.</summary>
    internal FlowCounts CountFlows()
    {
        var counts = _flows.CountByServer();
        return new FlowCounts(_serverIds.Keys.Select(s => KeyValuePair.Create(s, counts[_serverIds[s]]))
            .Where(static c => c.Value > 0).ToDictionary());
    }

    internal void CountConnections() => _flows.CountConnections();

    private void Commit(
        Dictionary<GroupKey, PlacedGroup> groups, string[] leavingServices, HashSet<ServerKey> leavingServers)
    {
        foreach (var (key, slots) in _slotsInUse)
        {
            if (groups.GetValueOrDefault(key)?.Slots != slots)
                _slots.Free(slots);
        }
        _groups = groups;
        _slotsInUse = groups.ToDictionary(static g => g.Key, static g => g.Value.Slots);
        foreach (var id in _serviceIds.Release(leavingServices))
            _maps.ServiceLabels[id] = default;
        var freed = _serverIds.Release(leavingServers);
        foreach (var id in freed)
            _maps.ServerLabels[id] = default;
        _flows.Remove(freed);
    }

    /// <summary>Servers that have an id and will not need it; only changed groups are searched.</summary>
    private HashSet<ServerKey> LeavingServers(ForwardingTables tables)
    {
        if (_serverIds.Keys.Count == 0)
            return [];
        if (_groups.Count == 0)
        {
            var all = tables.Groups.SelectMany(static g => g.Servers.Select(s => KeyOf(g, s))).ToHashSet();
            return [.. _serverIds.Keys.Where(s => !all.Contains(s))];
        }
        var leaving = new HashSet<ServerKey>();
        var next = tables.Groups.ToDictionary(static g => g.Key);
        foreach (var (key, group) in _groups)
        {
            var replacement = next.GetValueOrDefault(key);
            if (ReferenceEquals(replacement, group.Tables))
                continue;
            leaving.UnionWith(group.Tables.Servers.Select(s => KeyOf(group.Tables, s)));
            if (replacement is not null)
                leaving.ExceptWith(replacement.Servers.Select(s => KeyOf(replacement, s)));
        }
        return leaving;
    }

    private PlacedGroup Place(ServerGroup group, bool tracksFlows, bool ignoresWeights, HashSet<ServerKey> leaving)
    {
        if (_groups.TryGetValue(group.Key, out var previous) && ReferenceEquals(previous.Tables, group)
            && previous.TracksFlows == tracksFlows && previous.IgnoresWeights == ignoresWeights)
            return previous;
        foreach (var added in _serverIds.Allocate(group.Servers.Select(s => KeyOf(group, s)), leaving))
            ClearServer(_serverIds[added]);
        var ids = group.Servers.Select(s => _serverIds[KeyOf(group, s)]).ToArray();
        var label = Labels.Of(group.Key);
        for (var i = 0; i < ids.Length; i++)
            _maps.ServerLabels[ids[i]] = Labels.Of(label, group.Servers[i]);
        var slots = _slots.Write(group.Key, CurrentSlots(group, ids, tracksFlows), PreviousSlots(group, ids),
            _slotsInUse.GetValueOrDefault(group.Key));
        return new PlacedGroup(group, tracksFlows, ignoresWeights, ids, slots);
    }

    private static uint[] CurrentSlots(ServerGroup group, int[] ids, bool tracksFlows)
    {
        var byAddress = group.Servers.Select(static (s, i) => (s.Address, i))
            .ToDictionary(static s => s.Address, static s => s.i);
        var members = group.Slots.Members.Select(m => (uint)ids[byAddress[m.Address]]).ToArray();
        var table = group.Slots.Slots.AsSpan();
        var previous = group.Transition is { } transition ? transition.PreviousServers.AsSpan() : [];
        var tracked = tracksFlows ? Constants.SlotTracked : 0;
        var slots = new uint[table.Length];
        for (var i = 0; i < slots.Length; i++)
        {
            slots[i] = (table[i] is >= 0 and var member ? members[member] : 0)
                | (!previous.IsEmpty && previous[i] != Transition.Stable ? Constants.SlotTracked : tracked);
        }
        return slots;
    }

    private static uint[]? PreviousSlots(ServerGroup group, int[] ids) =>
        group.Transition is { } transition && transition.PreviousServers.Any(static f => f >= 0)
            ? [.. transition.PreviousServers.Select(f => f >= 0 ? (uint)ids[f] : 0)]
            : null;

    private static HashSet<GroupKey> GroupsOf(ForwardingTables tables, Func<Forwarding.ServiceEntry, bool> which) =>
        [.. tables.Services.Where(which).Select(static s => s.Group)];

    private static ServerKey KeyOf(ServerGroup group, ServerEntry server) =>
        new(group.Key, server.Name, server.Address);

    private void LabelServices(ForwardingTables tables)
    {
        var transitions = tables.Groups.ToDictionary(static g => g.Key, static g => g.Transition);
        var labels = _maps.ServiceLabels;
        foreach (var service in tables.Services)
            labels[_serviceIds[service.Name]] = Labels.Of(service, transitions[service.Group]);
    }

    private void ClearService(int id)
    {
        for (var cpu = 0; cpu < _maps.Cpus; cpu++)
            _maps.Counters(cpu).Services[id] = default;
    }

    private void ClearServer(int id)
    {
        for (var cpu = 0; cpu < _maps.Cpus; cpu++)
            _maps.Counters(cpu).Servers[id] = default;
    }

    private static void CheckCapacity(ForwardingTables tables)
    {
        var problems = new List<string>();
        void Check(string what, long needed, int limit)
        {
            if (needed > limit)
                problems.Add(string.Create(CultureInfo.InvariantCulture, $"{needed} {what}, {limit} fit"));
        }
        var prefixes = tables.Services.Select(static s => s.AccessList).OfType<AccessList>().Distinct()
            .Sum(static l => (long)l.Allow.Length + l.Deny.Length + 2)
            + tables.Vips.Count(static v => !v.Address.IsSingle());
        Check("services", tables.Services.Length, Capabilities.MaxServices);
        Check("VIPs", tables.Vips.Length, Constants.VipCapacity);
        Check("real servers (counted once per pool and encapsulation)",
            tables.Groups.Sum(static g => (long)g.Servers.Length), Capabilities.MaxServers);
        Check("slots in all slot tables", tables.Groups.Sum(static g => (long)g.Slots.Slots.Length),
            Capabilities.MaxSlots);
        Check("interfaces", tables.Interfaces.Length, Capabilities.MaxInterfaces);
        Check("other directors", tables.Peers.Length, Constants.Peers);
        Check("prefixes in access lists and VIPs", prefixes, Constants.Prefixes / 2);
        if (problems.Count > 0)
        {
            throw new EngineException($"the configuration exceeds the limits of the {Capabilities.Engine} engine: "
                + $"{string.Join("; ", problems)}. docs/limits.md has the limits and what they cost");
        }
    }
}
