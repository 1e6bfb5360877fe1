using Sidestep.Engine.Xdp.Layout;
using Sidestep.Forwarding;
using Sidestep.Forwarding.Lowering;
using Sidestep.Model;
using Sidestep.Native;

namespace Sidestep.Engine.Xdp;

/// <summary>Writes tables into the maps, atomically for packets; writes only what differs.</summary>
internal sealed class TableWriter
{
    private readonly StateMaps _maps;
    private readonly IdMap _ids;
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
        _ids = new IdMap(Constants.ServiceCapacity, Constants.ServerCapacity - 1,
            new PersistedIds(running.Services, running.Servers), Constants.InlineServers);
        _slots = new SlotStore(maps.SlotsOf, running.Slots.Values);
        _prefixes = new PrefixStore(new PrefixTrie(maps.Map(StateMaps.PrefixesMap)));
        _flows = new FlowTable(maps);
        _profiles = new ProfileTable(maps.Active.Profiles);
        _groups = [];
        _slotsInUse = new Dictionary<GroupKey, SlotRanges>(running.Slots);
    }

    internal static EngineCapabilities Capabilities { get; } = new()
    {
        Engine = "xdp",
        MaxServices = Constants.ServiceCapacity,
        MaxVips = Constants.VipCapacity,
        MaxServers = Constants.ServerCapacity - 1,
        MaxSlots = Constants.SlotBlocks / 2 * Constants.BlockSlots,
        MaxInterfaces = Constants.Interfaces,
        MaxPeers = Constants.Peers,
        MaxPrefixes = Constants.Prefixes / 2,
    };

    /// <summary>True while a service uses a least-connections algorithm.</summary>
    internal bool UsesLeastConnections { get; private set; }

    /// <summary>Implements <see cref="IEngine.Apply"/>.</summary>
    internal void Apply(ForwardingTables tables)
    {
        Capabilities.Check(tables);
        ref var control = ref _maps.Control;
        var next = (control.Active ^ 1) & 1;

        // 1. ids, with cleared counters and labels, before anything refers to them
        var change = _ids.Allocate(tables);
        foreach (var id in change.NewServices)
            ClearService(id);
        foreach (var id in change.NewServers)
            ClearServer(id);
        var groups = new Dictionary<GroupKey, PlacedGroup>();
        IReadOnlySet<uint> sets;
        try
        {
            // 2. slot tables that changed, beside those in use
            var uses = GroupUse.Of(tables);
            foreach (var group in tables.Groups)
                groups.Add(group.Key, Place(group, uses.GetValueOrDefault(group.Key)));
            LabelServices(tables);

            // 3. the bank that no packet reads
            _servers[next].Write(_maps.Bank(next), groups);
            sets = new BankWriter(_maps.Bank(next), tables, groups, s => _ids.Services[s], _prefixes, _profiles)
                .Write();
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
        Commit(groups, change);
        _prefixes.RetainOnly(sets);
        UsesLeastConnections = tables.Services.Any(
            static s => s.Algorithm is Algorithm.LeastConnections or Algorithm.WeightedLeastConnections);
    }

    /// <summary>Id of a server; null when it has none.</summary>
    internal int? IdOf(ServerKey server) => _ids.Servers.TryFind(server, out var id) ? id : null;

    /// <summary>Implements <see cref="IEngine.ReadFlows"/>.</summary>
    internal FlowCounts CountFlows()
    {
        var counts = _flows.CountByServer();
        return new FlowCounts(_ids.Servers.Keys.Select(s => KeyValuePair.Create(s, counts[_ids.Servers[s]]))
            .Where(static c => c.Value > 0).ToDictionary());
    }

    internal void CountConnections() => _flows.CountConnections();

    private void Commit(Dictionary<GroupKey, PlacedGroup> groups, IdMapChange change)
    {
        foreach (var (key, slots) in _slotsInUse)
        {
            if (groups.GetValueOrDefault(key)?.Slots != slots)
                _slots.Free(slots);
        }
        _groups = groups;
        _slotsInUse = groups.ToDictionary(static g => g.Key, static g => g.Value.Slots);
        var released = _ids.Release(change);
        foreach (var id in released.Services)
            _maps.ServiceLabels[id] = default;
        foreach (var id in released.Servers)
            _maps.ServerLabels[id] = default;
        _flows.Remove(released.Servers);
    }

    private PlacedGroup Place(ServerGroup group, GroupUse use)
    {
        if (_groups.TryGetValue(group.Key, out var previous) && ReferenceEquals(previous.Tables, group)
            && previous.Use == use)
            return previous;
        var ids = _ids.IdsOf(group);
        var label = Labels.Of(group.Key, group.Key.Service is { } service ? _ids.Services[service] : null);
        for (var i = 0; i < ids.Length; i++)
            _maps.ServerLabels[ids[i]] = Labels.Of(label, group.Servers[i]);
        var slots = _slots.Write(group.Key, SlotWords.Of(group, ids, use.TracksFlows),
            SlotWords.PreviousOf(group, ids), _slotsInUse.GetValueOrDefault(group.Key));
        return new PlacedGroup(group, use, ids, slots);
    }

    private void LabelServices(ForwardingTables tables)
    {
        var transitions = tables.Groups.ToDictionary(static g => g.Key, static g => g.Transition);
        var labels = _maps.ServiceLabels;
        foreach (var service in tables.Services)
        {
            var id = _ids.Services[service.Key];
            labels[id] = Labels.Of(service, transitions[service.Group], id);
        }
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
}
