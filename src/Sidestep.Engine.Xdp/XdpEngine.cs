using System.Globalization;
using Sidestep.Engine.Xdp.Layout;
using Sidestep.Forwarding;
using Sidestep.Model;
using Sidestep.Native;

namespace Sidestep.Engine.Xdp;

/// <summary>The engine in the kernel: loads the XDP program, writes its tables, attaches it, reads its counters.</summary>
/// <remarks>One thread at a time. Disposing closes this process's hold only: what is pinned goes on forwarding.</remarks>
public sealed class XdpEngine : IEngine
{
    private readonly PinDirectory? _pins;
    private readonly IdAllocator<string> _serviceIds;
    private readonly IdAllocator<ServerIdentity> _serverIds;
    private readonly SlotStore _slots;
    private readonly StateMaps _maps;
    private BpfObject _object;
    private bool _oneArm;

    private XdpEngine(PinDirectory? pins, BpfObject loaded, StateMaps maps, IReadOnlyList<string> notes)
    {
        _pins = pins;
        _object = loaded;
        _oneArm = true;
        _maps = maps;
        Notes = notes;
        var running = RunningTables.Read(maps);
        running.ClearOtherLabels(maps);
        _serviceIds = new IdAllocator<string>(0, Constants.ServiceCapacity, running.Services);
        _serverIds = new IdAllocator<ServerIdentity>(1, Constants.ServerCapacity - 1, running.Servers);
        _slots = new SlotStore(maps, running.Slots);
        // A process that died right after its flip may have left readers on the other half.
        Kernel.WaitForRunningPrograms();
    }

    /// <summary>What an operator should know of how this engine came up: adopted, mounted, replaced and why.</summary>
    public IReadOnlyList<string> Notes { get; }

    /// <inheritdoc/>
    public EngineCapabilities Capabilities => new(
        "xdp", Constants.ServiceCapacity, Constants.ServerCapacity - 1, Constants.SlotBlocks / 2 * Constants.BlockSlots, Constants.Interfaces);

    /// <summary>Counts the changes since the tables were made; kept across restarts.</summary>
    public long Revision => (long)_maps.Control.Revision;

    /// <summary>Finds what would keep any director from running on this machine: privileges, an old kernel, no libbpf.</summary>
    /// <exception cref="EngineException">Says what to do.</exception>
    public static void CheckMachine() => DirectorObject.CheckMachine();

    /// <summary>Opens a director: adopts its pinned maps when they fit this build, makes new ones otherwise.</summary>
    /// <param name="pinPath">Folder of all directors on a bpffs; one is mounted when there is none.</param>
    /// <param name="name">Name of this director.</param>
    /// <remarks>What runs goes on as it is until <see cref="Attach"/>.</remarks>
    /// <exception cref="EngineException">Says what stands in the way and what to do.</exception>
    public static XdpEngine Open(string pinPath, string name)
    {
        var pins = new PinDirectory(pinPath, name);
        var notes = new List<string>();
        CheckMachine();
        var pinned = Adoption.Open(pins, notes);
        var loaded = DirectorObject.Load(oneArm: true, pinned is null ? null : n => pinned[n]);
        return Build(pins, loaded, pinned, notes);
    }

    /// <summary>Loads program and maps without attaching or pinning them: for tests and benchmarks.</summary>
    public static XdpEngine LoadDetached(bool oneArm = true)
    {
        var loaded = DirectorObject.Load(oneArm, null);
        var engine = Build(null, loaded, null, []);
        engine._oneArm = oneArm;
        return engine;
    }

    /// <inheritdoc/>
    public IReadOnlyList<AttachedInterface> Attach(IReadOnlyList<DirectorInterface> interfaces)
    {
        var pins = _pins ?? throw new InvalidOperationException("a detached engine has nothing to attach");
        return Explained("attaching", () =>
        {
            var oneArm = interfaces.Count == 1;
            if (oneArm != _oneArm)
            {
                var loaded = DirectorObject.Load(oneArm, _maps.Map);
                _object.Dispose();
                _object = loaded;
                _oneArm = oneArm;
            }
            using var program = _object.Program("director");
            var attached = new Attachments(pins).Reconcile(program, interfaces);
            foreach (var map in StateMaps.Names)
                pins.PinMap(map, _maps.Map(map));
            return attached;
        });
    }

    /// <inheritdoc/>
    public void Remove()
    {
        if (_pins is not { } pins)
            return;
        Explained("detaching", () =>
        {
            new Attachments(pins).DetachAll();
            pins.Remove();
            return true;
        });
    }

    /// <inheritdoc/>
    public void Apply(ForwardingTables tables)
    {
        CheckCapacity(tables);
        ref var control = ref _maps.Control;
        var next = (control.Active ^ 1) & 1;

        // 1. ids, with clean counters and labels, before anything names them
        var services = tables.Services.Select(static s => s.Name).ToHashSet();
        var servers = tables.Groups.SelectMany(static g => g.Servers.Select(s => Identity(g, s))).ToHashSet();
        foreach (var added in _serviceIds.Take(services))
            ClearCounters((ref counters) => counters.Services[_serviceIds[added]] = default);
        foreach (var added in _serverIds.Take(servers))
            ClearCounters((ref counters) => counters.Servers[_serverIds[added]] = default);
        foreach (var service in tables.Services)
            _maps.ServiceLabels[_serviceIds[service.Name]] = Labels.Of(service);
        foreach (var group in tables.Groups)
        {
            foreach (var server in group.Servers)
                _maps.ServerLabels[_serverIds[Identity(group, server)]] = Labels.Of(group.Key, server);
        }

        // 2. slot tables that changed, beside those in use
        var ranges = _slots.Write(tables.Groups.Select(g => (g.Key, SlotIds(g))));

        // 3. the half that no packet reads
        try
        {
            new HalfWriter(_maps.Half(next)).Write(tables, s => _serviceIds[s.Name], s => _serverIds[s], ranges);
        }
        catch (EngineException)
        {
            _slots.Abandon(ranges);
            throw;
        }

        // 4. the flip: all of the above is visible before the one word that leads to it
        control.AppliedAt = (ulong)DateTimeOffset.UtcNow.ToUnixTimeMilliseconds();
        Volatile.Write(ref control.Revision, control.Revision + 1);
        Interlocked.MemoryBarrier();
        Volatile.Write(ref control.Active, next);

        // 5. what only the former half named is free once its last reader is done
        Kernel.WaitForRunningPrograms();
        _slots.Commit(ranges);
        foreach (var id in _serviceIds.KeepOnly(services))
            _maps.ServiceLabels[id] = default;
        foreach (var id in _serverIds.KeepOnly(servers))
            _maps.ServerLabels[id] = default;
    }

    /// <inheritdoc/>
    public EngineCounters ReadCounters() => CounterReader.Read(_maps);

    /// <inheritdoc/>
    public TraceResult Trace(ReadOnlySpan<byte> frame, int interfaceIndex)
    {
        using var program = _object.Program("director");
        var output = new byte[frame.Length + 256];
        var run = program.Run(frame, output, ingressInterface: interfaceIndex);
        return new TraceResult((XdpAction)run.ReturnValue, output.AsMemory(0, run.Length));
    }

    /// <summary>The loaded program: for benchmarks, which call it from their own.</summary>
    public BpfProgram Program() => _object.Program("director");

    /// <inheritdoc/>
    public void Dispose()
    {
        _maps.Dispose();
        _object.Dispose();
    }

    /// <summary>The kernel's refusals as the callers of an engine expect them: the control loop keeps what runs, and goes on.</summary>
    private static T Explained<T>(string doing, Func<T> code)
    {
        try
        {
            return code();
        }
        catch (Exception e) when (e is NativeException or IOException or UnauthorizedAccessException)
        {
            throw new EngineException($"{doing}: {e.Message}", e);
        }
    }

    private static XdpEngine Build(
        PinDirectory? pins, BpfObject loaded, Dictionary<string, BpfMap>? pinned, List<string> notes)
    {
        var maps = new StateMaps(pinned ?? StateMaps.Names.ToDictionary(static n => n, loaded.Map), writable: true);
        if (pinned is null)
            maps.Control.Layout = Constants.LayoutVersion;
        return new XdpEngine(pins, loaded, maps, notes);
    }

    private uint[] SlotIds(ServerGroup group)
    {
        var ids = new uint[group.Slots.Slots.Length];
        var byAddress = group.Servers.ToDictionary(static s => s.Address);
        var members = group.Slots.Members
            .Select(m => (uint)_serverIds[Identity(group, byAddress[m.Address])]).ToArray();
        for (var i = 0; i < ids.Length; i++)
            ids[i] = members[group.Slots.Slots[i]];
        return ids;
    }

    private delegate void Change(ref CpuCounters counters);

    private void ClearCounters(Change clear)
    {
        for (var cpu = 0; cpu < _maps.Cpus; cpu++)
            clear(ref _maps.Counters(cpu));
    }

    private static ServerIdentity Identity(ServerGroup group, ServerEntry server) => new(group.Key, server.Name, server.Address);

    private void CheckCapacity(ForwardingTables tables)
    {
        var can = Capabilities;
        var problems = new List<string>();
        void Check(string what, long wanted, int limit)
        {
            if (wanted > limit)
                problems.Add(string.Create(CultureInfo.InvariantCulture, $"{wanted} {what}, {limit} fit"));
        }
        Check("services", tables.Services.Length, can.MaxServices);
        Check("real servers (counted once per pool and way of reaching them)", tables.Groups.Sum(static g => (long)g.Servers.Length), can.MaxServers);
        Check("slots in all slot tables", tables.Groups.Sum(static g => (long)g.Slots.Slots.Length), can.MaxSlots);
        Check("interfaces", tables.Interfaces.Length, can.MaxInterfaces);
        if (problems.Count > 0)
            throw new EngineException($"the configuration does not fit the {can.Engine} engine: {string.Join("; ", problems)}. docs/limits.md has the limits and what they cost");
    }
}
