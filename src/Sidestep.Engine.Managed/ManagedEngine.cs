using System.Diagnostics;
using Sidestep.Engine.Managed.Capture;
using Sidestep.Engine.Managed.Drivers;
using Sidestep.Engine.Managed.Persistence;
using Sidestep.Forwarding;
using Sidestep.Forwarding.Capture;
using Sidestep.Forwarding.Lowering;
using Sidestep.Forwarding.Pipeline;
using Sidestep.Forwarding.TrackedFlows;
using Sidestep.Model;

namespace Sidestep.Engine.Managed;

/// <summary>The managed engine: runs the pipeline of <see cref="Forwarding"/> in this process. Without interfaces it
/// needs neither root nor a kernel feature; tests compare the XDP engine with it.</summary>
/// <remarks>One thread at a time calls its members; pipelines run beside it, each on its own thread.</remarks>
public sealed class ManagedEngine : IEngine
{
    private readonly PersistentFlowTable? _persistence;
    private readonly IdMap _ids;
    private readonly PipelineState _state;
    private readonly Func<long> _clock;
    private readonly List<PacketPipeline> _pipelines = [];
    private readonly FragmentPunt? _punt;
    private readonly DriverSet? _drivers;
    private PipelineTables? _tables;
    private string?[] _serviceNames = [];
    private CaptureTap? _tap;

    /// <summary>The longest frame that is processed, in bytes.</summary>
    public const int LongestFrame = 65_536 + 64;

    /// <summary>Creates an engine without interfaces. Until tables are applied, every frame passes.</summary>
    /// <param name="flowTableSize">Number of flows that the flow table is sized for.</param>
    /// <param name="clock">Returns the time in nanoseconds from any start; null: the machine's monotonic clock.</param>
    public ManagedEngine(int flowTableSize, Func<long>? clock = null) : this(flowTableSize, clock, null)
    {
    }

    /// <summary>Creates an engine without interfaces, whose flow table may outlive the process.</summary>
    /// <param name="flowTableSize">Number of flows that the flow table is sized for.</param>
    /// <param name="clock">Returns the time in nanoseconds from any start; null: the machine's monotonic clock.</param>
    /// <param name="persistence">The flow table, disposed with the engine; null: one of this process alone.</param>
    internal ManagedEngine(int flowTableSize, Func<long>? clock, PersistentFlowTable? persistence)
    {
        _persistence = persistence;
        _ids = new IdMap(Capabilities.MaxServices, Capabilities.MaxServers, persistence?.Found?.Ids);
        _state = new PipelineState(Capabilities.MaxServices, Capabilities.MaxServers,
            persistence?.Flows ?? FlowTableMemory.Of(flowTableSize));
        _clock = clock ?? MonotonicNanoseconds;
        if (persistence?.Found is { } found)
            _state.Flows.Adopt(found.Ids.Servers.Values.ToHashSet(), persistence.Outage);
    }

    /// <summary>Creates an engine that can <see cref="Attach"/> to interfaces.</summary>
    /// <param name="flowTableSize">Number of flows that the flow table is sized for.</param>
    /// <param name="path">Prefix of the names of files that outlive the process; null: there are none.</param>
    /// <param name="log">Receives the first problem of each worker.</param>
    /// <param name="workers">Number of workers per interface with packet sockets; null: one per CPU, at most
    /// <see cref="Drivers.DriverSet.MaxWorkers"/>.</param>
    /// <exception cref="EngineException">No packet socket can be opened.</exception>
    public static ManagedEngine ForInterfaces(
        int flowTableSize, string? path, Action<string> log, int? workers = null) =>
        new(flowTableSize, path, log, workers);

    private ManagedEngine(int flowTableSize, string? path, Action<string> log, int? workers)
        : this(flowTableSize, null, path is null ? null : PersistentFlowTable.Open(path, flowTableSize))
    {
        _punt = new FragmentPunt(log);
        _drivers = new DriverSet(this, _punt, path, log, workers);
    }

    /// <summary>Removes files, routes and rules of an earlier process of this engine.</summary>
    /// <param name="path">As for <see cref="ForInterfaces"/>.</param>
    /// <exception cref="EngineException">The kernel returned an error.</exception>
    public static void RemoveStale(string path)
    {
        BlackholeRoutes.RemoveStale(path);
        PersistentFlowTable.Remove(path);
    }

    /// <summary>Messages about the start of the engine, for the log.</summary>
    public IReadOnlyList<string> Notes => _persistence?.Note is { } note ? [note] : [];

    /// <summary>The size limits, which are those of the XDP engine: both engines accept the same
    /// configurations.</summary>
    public static EngineCapabilities Capabilities { get; } = new()
    {
        Engine = "managed",
        MaxServices = 16_384,
        MaxVips = 16_384,
        MaxServers = 131_071,
        MaxSlots = 16_777_216,
        MaxInterfaces = 16,
        MaxPeers = 16,
        MaxPrefixes = 131_072,
    };

    /// <summary>Number of changes since the engine was created.</summary>
    public long Revision { get; private set; }

    /// <summary>The tables in force; null: none were applied. Pipeline threads read them once per frame or
    /// batch.</summary>
    public PipelineTables? Tables => Volatile.Read(ref _tables);

    /// <summary>The flow table, which all threads of the engine share.</summary>
    public FlowTable Flows => _state.Flows;

    /// <summary>What all pipelines of the engine share.</summary>
    internal PipelineState State => _state;

    /// <summary>The time of the engine, in nanoseconds.</summary>
    internal long Nanoseconds => _clock();

    /// <summary>Creates a pipeline for one thread; it shares the flow table with the others.</summary>
    public PacketPipeline NewPipeline() => new(_state) { Now = Nanoseconds };

    /// <inheritdoc/>
    public void Apply(ForwardingTables tables)
    {
        ArgumentNullException.ThrowIfNull(tables);
        Capabilities.Check(tables);
        if (_drivers is not null)
            DriverCapabilities.Check(tables);
        var change = _ids.Allocate(tables);
        foreach (var counters in _state.Counters)
        {
            foreach (var id in change.NewServices)
                counters.ClearService(id);
            foreach (var id in change.NewServers)
                counters.ClearServer(id);
        }
        _drivers?.Apply(tables);
        var compiled = PipelineTables.Of(tables, _ids, _tables);
        // From now on, flows may refer to these IDs.
        _persistence?.Save(new PersistentState(_ids.PersistedIds, new RunningGroups(tables.HashKey, tables.Groups)));
        _state.Flows.RegisterServices(compiled);
        Volatile.Write(ref _tables, compiled);
        var names = new string?[_ids.Services.Keys.Select(s => _ids.Services[s]).DefaultIfEmpty(-1).Max() + 1];
        foreach (var service in _ids.Services.Keys)
            names[_ids.Services[service]] = service.ToString();
        _serviceNames = names;
        Revision++;
        // Packets in processing may still refer to released IDs: the allocator reuses them as late as possible.
        _state.Flows.RemoveServers(_ids.Release(change).Servers);
    }

    /// <inheritdoc/>
    public RunningGroups? ReadRunning() => Tables is { } tables
        ? new RunningGroups(tables.Origin.HashKey, tables.Origin.Groups) : _persistence?.Found?.Groups;

    /// <inheritdoc/>
    public FlowCounts ReadFlows()
    {
        var counts = _state.Flows.CountByServer(Now());
        return new FlowCounts(_ids.Servers.Keys.Select(s => KeyValuePair.Create(s, counts[_ids.Servers[s]]))
            .Where(static c => c.Value > 0).ToDictionary());
    }

    /// <summary>How many flows it tracks at most.</summary>
    public int FlowTableSize => Flows.Capacity;

    /// <summary>Number of flows and fragmented datagrams that were evicted before they were idle.</summary>
    public (long Flows, long Fragments) Evicted =>
        (_state.Counters.Sum(static c => c.FlowsEvicted), _state.Counters.Sum(static c => c.FragmentsEvicted));

    /// <summary>Opens the flow table for a visit, which may run beside later calls of the engine's members. It must end
    /// before the engine is disposed.</summary>
    public IFlowTable OpenFlows() => new ManagedFlows(_state.Flows,
        new FlowTableStatus(Flows.Capacity, [.. _ids.Servers.Keys], [.. _ids.Services.Keys]),
        _ids.Servers.Keys.ToDictionary(s => _ids.Servers[s]), Now);

    /// <summary>Visits every live flow, in no particular order.</summary>
    public void VisitFlows(Action<TrackedFlow> visit)
    {
        using var flows = OpenFlows();
        flows.Visit(visit);
    }

    /// <summary>Inserts a flow that another engine tracks, if its service and server are in the tables in force and its
    /// bucket has an empty entry.</summary>
    public void Track(TrackedFlow flow)
    {
        if (Tables is { } tables && tables.Services.FirstOrDefault(s => s.Entry.Key == flow.Service) is { } service
            && _ids.Servers.Keys.Contains(flow.Server))
            _state.Flows.Track(tables, service, _ids.Servers[flow.Server], flow, Now());
    }

    /// <summary>Name of a service of the tables in force, by its ID; null: there is none.</summary>
    internal string? ServiceName(int id) => (uint)id < (uint)_serviceNames.Length ? _serviceNames[id] : null;

    /// <summary>Recomputes connection counts for least connections, without idle flows; to be called
    /// periodically.</summary>
    public void CountConnections() => _state.Flows.CountConnections(Now());

    /// <inheritdoc/>
    public IReadOnlyList<AttachedInterface> Attach(IReadOnlyList<DirectorInterface> interfaces) =>
        _drivers is { } drivers ? drivers.Attach(interfaces)
        : throw new InvalidOperationException("an engine without interfaces cannot attach");

    /// <inheritdoc/>
    public bool IsAttached => _drivers?.IsComplete ?? true;

    /// <summary>Installs again what another program has removed of the routes and rules that keep the kernel from
    /// processing packets for VIPs.</summary>
    /// <returns>What was missing.</returns>
    /// <exception cref="Native.NativeException">The kernel refused.</exception>
    public IReadOnlyList<string> RestoreKernelState() => _drivers?.RestoreBlackholes() ?? [];

    /// <summary>The attached interfaces; none in an engine without interfaces.</summary>
    public IReadOnlyList<AttachedInterface> Attached => _drivers?.Attached ?? [];

    /// <summary>Name and counters of each worker; empty in an engine without interfaces.</summary>
    public IReadOnlyList<(string Name, WorkerCounters Counters)> Workers => _drivers?.Statuses ?? [];

    /// <summary>True while a service uses least connections, which needs <see cref="CountConnections"/>
    /// periodically.</summary>
    public bool UsesLeastConnections =>
        Tables is { } tables && Array.Exists(tables.Services, static s => s.IsLeastConnections);

    /// <inheritdoc/>
    public void Remove()
    {
        _drivers?.Detach();
        _persistence?.Remove();
    }

    /// <summary>At least <paramref name="count"/> pipelines for threads. Pipelines are never removed, so that no
    /// counter is lost.</summary>
    internal IReadOnlyList<PacketPipeline> Pipelines(int count)
    {
        while (_pipelines.Count < count)
            _pipelines.Add(NewPipeline());
        return _pipelines;
    }

    /// <summary>The running capture; null: none.</summary>
    internal CaptureTap? Tap => Volatile.Read(ref _tap);

    /// <summary>Starts a capture; at most one runs at a time.</summary>
    /// <exception cref="EngineException">Another capture is running, or the filter names a service or server that does
    /// not exist.</exception>
    public CaptureTap BeginCapture(CaptureFilter filter, CaptureLimits limits)
    {
        ArgumentNullException.ThrowIfNull(filter);
        if (filter.Service is { } service && !_ids.Services.TryFind(ServiceKey.Parse(service), out _))
            throw new EngineException($"the director has no service '{service}'");
        if (filter.Server is { } server
            && !_ids.Servers.Keys.Any(s => s.Name == server || s.Address.ToString() == server))
            throw new EngineException($"the director has no real server '{server}'");
        var tap = new CaptureTap(this, filter, limits);
        var previous = Tap;
        if (previous is { IsAbandoned: false } || Interlocked.CompareExchange(ref _tap, tap, previous) != previous)
            throw new EngineException("another 'sidestep capture' is running for this director: end it first");
        return tap;
    }

    /// <summary>Starts a capture as a session; see <see cref="BeginCapture"/>.</summary>
    /// <exception cref="EngineException">Another capture is running, or the filter names a service or server that does
    /// not exist.</exception>
    public ICaptureSession StartCapture(CaptureFilter filter, CaptureLimits limits) =>
        new ManagedCaptureSession(this, BeginCapture(filter, limits));

    /// <summary>Ends a capture; ignored when another one has replaced it.</summary>
    public void EndCapture(CaptureTap tap) => Interlocked.CompareExchange(ref _tap, null, tap);

    /// <inheritdoc/>
    public EngineCounters ReadCounters()
    {
        Counter Sum(Func<PipelineCounters, Counter> of) =>
            _state.Counters.Aggregate(default(Counter), (sum, c) => sum + of(c));
        return new EngineCounters(
            Enum.GetValues<Decision>().Except([Decision.Pass, Decision.Forward, Decision.Drop])
                .ToDictionary(static d => d, d => Sum(c => c.Of(d))),
            Enum.GetValues<DropReason>().ToDictionary(static r => r, r => Sum(c => c.Of(r))),
            _ids.Services.Keys.ToDictionary(static s => s, s => Sum(c => c.OfService(_ids.Services[s]))),
            _ids.Servers.Keys.GroupBy(static s => (s.Group, s.Name)).ToDictionary(static g => g.Key,
                g => g.Aggregate(default(Counter), (sum, s) => sum + Sum(c => c.OfServer(_ids.Servers[s])))));
    }

    /// <summary>The XDP verdict that corresponds to a decision.</summary>
    /// <param name="decision">The decision.</param>
    /// <param name="egress">Index of the egress interface.</param>
    /// <param name="interfaceIndex">Index of the ingress interface.</param>
    public static XdpAction ActionOf(Decision decision, int egress, int interfaceIndex) => decision switch
    {
        Decision.Pass or Decision.DeliverLocally => XdpAction.Pass,
        Decision.Drop or Decision.Punted => XdpAction.Drop,
        _ => egress == interfaceIndex ? XdpAction.Transmit : XdpAction.Redirect,
    };

    /// <inheritdoc/>
    public void Dispose()
    {
        _drivers?.Dispose();
        _punt?.Dispose();
        _persistence?.Dispose();
    }

    private uint Now() => Ticks.At(Nanoseconds);

    internal static long MonotonicNanoseconds() => Stopwatch.GetElapsedTime(0).Ticks * TimeSpan.NanosecondsPerTick;
}
