using System.Diagnostics;
using Sidestep.Engine.Managed.Capture;
using Sidestep.Engine.Managed.Drivers;
using Sidestep.Engine.Managed.Persistence;
using Sidestep.Forwarding;
using Sidestep.Forwarding.Capture;
using Sidestep.Forwarding.Pipeline;
using Sidestep.Forwarding.LocalApi;
using Sidestep.Model;

namespace Sidestep.Engine.Managed;

/// <summary>The engine in C#: the pipeline of <see cref="Forwarding"/>, on frames that it is given. It needs neither root nor a
/// kernel, and judges the one that does.</summary>
/// <remarks>One thread at a time changes and asks; pipelines run beside it, each on a thread of its own.</remarks>
public sealed class ManagedEngine : IEngine
{
    private readonly PersistentFlowTable? _persistence;
    private readonly IdMap _ids;
    private readonly PipelineState _state;
    private readonly Func<long> _clock;
    private readonly PacketPipeline _tracer;
    private readonly byte[] _buffer = new byte[Frame.Headroom + LongestFrame + Frame.Tailroom];
    private readonly List<PacketPipeline> _pipelines = [];
    private readonly FragmentPunt? _punt;
    private readonly DriverSet? _drivers;
    private PipelineTables? _tables;
    private string?[] _serviceNames = [];
    private CaptureTap? _tap;

    /// <summary>The longest frame that is looked at, in bytes.</summary>
    public const int LongestFrame = 65_536 + 64;

    /// <summary>Without any tables: everything passes.</summary>
    /// <param name="flowTableSize">How many flows can be remembered.</param>
    /// <param name="clock">The time in nanoseconds from any beginning; null: the machine's monotonic clock.</param>
    public ManagedEngine(int flowTableSize, Func<long>? clock = null) : this(flowTableSize, clock, null)
    {
    }

    private ManagedEngine(int flowTableSize, Func<long>? clock, PersistentFlowTable? persistence)
    {
        _persistence = persistence;
        _ids = new IdMap(Sizes.MaxServices, Sizes.MaxServers, persistence?.Found?.Ids);
        _state = new PipelineState(Sizes.MaxServices, Sizes.MaxServers, persistence?.Flows ?? FlowTableMemory.Of(flowTableSize));
        _clock = clock ?? MonotonicNanoseconds;
        _tracer = NewPipeline();
        if (persistence?.Found is { } found)
            _state.Flows.Adopt(found.Ids.Servers.Values.ToHashSet(), persistence.Outage);
    }

    /// <summary>What it remembers outlives the process, and what an earlier one left is adopted; for tests, without interfaces.</summary>
    /// <param name="flowTableSize">How many flows can be remembered.</param>
    /// <param name="path">What names of files begin with.</param>
    internal static ManagedEngine WithPersistence(int flowTableSize, string path) => new(flowTableSize, null, PersistentFlowTable.Open(path, flowTableSize));

    /// <summary>For interfaces: what <see cref="Attach"/> needs.</summary>
    /// <param name="flowTableSize">How many flows can be remembered.</param>
    /// <param name="path">What the names of files begin with that outlive the process; null: nothing does.</param>
    /// <param name="log">Gets each problem of a worker once.</param>
    /// <param name="workers">Workers per interface that has no queues of its own to say it; null: one per CPU, up to <see cref="Drivers.DriverSet.MaxWorkers"/>.</param>
    /// <exception cref="EngineException">No packet socket can be opened.</exception>
    public static ManagedEngine ForInterfaces(int flowTableSize, string? path, Action<string> log, int? workers = null) =>
        new(flowTableSize, path, log, workers);

    private ManagedEngine(int flowTableSize, string? path, Action<string> log, int? workers)
        : this(flowTableSize, null, path is null ? null : PersistentFlowTable.Open(path, flowTableSize))
    {
        _punt = new FragmentPunt(log);
        _drivers = new DriverSet(this, _punt, path, log, workers);
    }

    /// <summary>Removes what an earlier process of this engine left, in files and in the kernel.</summary>
    /// <param name="path">As for <see cref="ForInterfaces"/>.</param>
    /// <exception cref="EngineException">The kernel refused it.</exception>
    public static void RemoveStale(string path)
    {
        BlackholeRoutes.RemoveStale(path);
        PersistentFlowTable.Remove(path);
    }

    /// <summary>What there is to know of how it came up.</summary>
    public IReadOnlyList<string> Notes => _persistence?.Note is { } note ? [note] : [];

    /// <inheritdoc/>
    public EngineCapabilities Capabilities => Sizes;

    /// <summary>As many as the tables of the other engine have: what one takes, the other takes.</summary>
    internal static EngineCapabilities Sizes { get; } = new("managed", 16_384, 131_071, 16_777_216, 16);

    /// <summary>Counts the changes.</summary>
    public long Revision { get; private set; }

    /// <summary>The tables in force, for who runs pipelines: to be read once for every frame, or for a few. Null: none were applied.</summary>
    public PipelineTables? Tables => Volatile.Read(ref _tables);

    /// <summary>The remembered flows that the engine is for.</summary>
    public FlowTable Flows => _state.Flows;

    /// <summary>A pipeline of this engine, for one thread: what it remembers it shares with the others.</summary>
    public PacketPipeline NewPipeline() => new(_state) { Now = _clock() };

    /// <inheritdoc/>
    public void Apply(ForwardingTables tables)
    {
        ArgumentNullException.ThrowIfNull(tables);
        Capacity.Check(tables, Sizes);
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
        // Flows name these ids from now on.
        _persistence?.Save(new PersistentState(_ids.PersistedIds, new RunningGroups(tables.HashKey, tables.Groups)));
        _state.Flows.RegisterServices(compiled);
        Volatile.Write(ref _tables, compiled);
        var names = new string?[_ids.Services.Keys.Select(n => _ids.Services[n]).DefaultIfEmpty(-1).Max() + 1];
        foreach (var name in _ids.Services.Keys)
            names[_ids.Services[name]] = name;
        _serviceNames = names;
        Revision++;
        // Packets on their way may still name what has left: its ids rest longest before they are given again.
        _state.Flows.RemoveServers(_ids.Release(change));
    }

    /// <inheritdoc/>
    public RunningGroups? ReadRunning() => Tables is { } tables ? new RunningGroups(tables.Origin.HashKey, tables.Origin.Groups) : _persistence?.Found?.Groups;

    /// <inheritdoc/>
    public FlowCounts ReadFlows()
    {
        var counts = _state.Flows.CountByServer(Now());
        return new FlowCounts(_ids.Servers.Keys.Select(s => KeyValuePair.Create(s, counts[_ids.Servers[s]]))
            .Where(static c => c.Value > 0).ToDictionary());
    }

    /// <summary>Remembered flows and fragmented datagrams that had to make room for others.</summary>
    public (long Flows, long Fragments) Evicted => (_state.Counters.Sum(static c => c.FlowsEvicted), _state.Counters.Sum(static c => c.FragmentsEvicted));

    /// <summary>What the table of remembered flows is for.</summary>
    public FlowTableStatus FlowTableStatus => new(Flows.Capacity, [.. _ids.Servers.Keys], [.. _ids.Services.Keys]);

    /// <summary>Hands over every remembered flow that is not idle, in no order.</summary>
    public void VisitFlows(Action<TrackedFlow> visit) =>
        _state.Flows.Visit(_ids.Servers.Keys.ToDictionary(s => _ids.Servers[s]), Now(), visit);

    /// <summary>Remembers a flow that another engine remembers, if its service and server are in the tables in force and there is
    /// room.</summary>
    public void Track(TrackedFlow flow)
    {
        if (Tables is { } tables && tables.Services.FirstOrDefault(s => s.Entry.Name == flow.Service) is { } service
            && _ids.Servers.Keys.Contains(flow.Server))
            _state.Flows.Track(tables, service, _ids.Servers[flow.Server], flow, Now());
    }

    /// <summary>Name of a service of the tables in force, by its id.</summary>
    internal string? ServiceName(int id) => (uint)id < (uint)_serviceNames.Length ? _serviceNames[id] : null;

    /// <summary>Counts flows anew for least-connections choices, which are to be made from time to time.</summary>
    public void CountConnections() => _state.Flows.CountConnections(Now());

    /// <inheritdoc/>
    public IReadOnlyList<AttachedInterface> Attach(IReadOnlyList<DirectorInterface> interfaces) =>
        (_drivers ?? throw new InvalidOperationException("an engine for capture files has nothing to attach")).Attach(interfaces);

    /// <summary>The interfaces that frames are taken from; none for capture files.</summary>
    public IReadOnlyList<AttachedInterface> Attached => _drivers?.Attached ?? [];

    /// <summary>What the workers have done.</summary>
    public IReadOnlyList<WorkerStatus> Workers => _drivers?.Statuses ?? [];

    /// <summary>True while <see cref="CountConnections"/> is needed now and then.</summary>
    public bool UsesLeastConnections => Tables is { } tables && Array.Exists(tables.Services, static s => s.IsLeastConnections);

    /// <inheritdoc/>
    public void Remove()
    {
        _drivers?.Detach();
        _persistence?.Remove();
    }

    /// <summary>Pipelines for so many threads: those of former threads again, so that nothing is counted twice or lost.</summary>
    internal IReadOnlyList<PacketPipeline> Pipelines(int count)
    {
        while (_pipelines.Count < count)
            _pipelines.Add(NewPipeline());
        return _pipelines;
    }

    /// <summary>Who looks at frames right now; null: nobody.</summary>
    internal CaptureTap? Tap => Volatile.Read(ref _tap);

    /// <summary>Begins to record frames.</summary>
    /// <exception cref="EngineException">Somebody else does, or the filter names what there is not.</exception>
    public CaptureTap BeginCapture(CaptureFilter filter, CaptureLimits limits)
    {
        ArgumentNullException.ThrowIfNull(filter);
        if (filter.Service is { } service && !_ids.Services.Keys.Contains(service))
            throw new EngineException($"the director has no service '{service}'");
        if (filter.Server is { } server && !_ids.Servers.Keys.Any(s => s.Name == server || s.Address.ToString() == server))
            throw new EngineException($"the director has no real server '{server}'");
        var tap = new CaptureTap(this, filter, limits);
        var previous = Tap;
        if (previous is { IsAbandoned: false } || Interlocked.CompareExchange(ref _tap, tap, previous) != previous)
            throw new EngineException("another 'sidestep capture' runs for this director: end it first");
        return tap;
    }

    /// <summary>Ends it.</summary>
    public void EndCapture(CaptureTap tap) => Interlocked.CompareExchange(ref _tap, null, tap);

    /// <inheritdoc/>
    public EngineCounters ReadCounters()
    {
        Counter Sum(Func<PipelineCounters, Counter> of) => _state.Counters.Aggregate(default(Counter), (sum, c) => sum + of(c));
        return new EngineCounters(
            Enum.GetValues<Decision>().Except([Decision.Pass, Decision.Forward, Decision.Drop]).ToDictionary(static d => d, d => Sum(c => c.Of(d))),
            Enum.GetValues<DropReason>().ToDictionary(static r => r, r => Sum(c => c.Of(r))),
            _ids.Services.Keys.ToDictionary(static s => s, s => Sum(c => c.OfService(_ids.Services[s]))),
            _ids.Servers.Keys.GroupBy(static s => (s.Group, s.Name)).ToDictionary(static g => g.Key,
                g => g.Aggregate(default(Counter), (sum, s) => sum + Sum(c => c.OfServer(_ids.Servers[s])))));
    }

    /// <inheritdoc/>
    public TraceResult Trace(ReadOnlySpan<byte> frame, int interfaceIndex)
    {
        if (frame.Length > LongestFrame)
            throw new EngineException($"a frame of {frame.Length} bytes is longer than {LongestFrame}");
        frame.CopyTo(_buffer.AsSpan(Frame.Headroom));
        var traced = new Frame(_buffer, Frame.Headroom, frame.Length);
        _tracer.Now = _clock();
        var decision = Tables is { } tables ? _tracer.Process(tables, ref traced, interfaceIndex) : Decision.Pass;
        return new TraceResult(ActionOf(decision, _tracer.Egress, interfaceIndex), traced.Bytes.ToArray());
    }

    /// <summary>What a driver would be told.</summary>
    public static XdpAction ActionOf(Decision decision, int egress, int interfaceIndex) => decision switch
    {
        Decision.Pass or Decision.DeliverLocally => XdpAction.Pass,
        Decision.Drop or Decision.Punted => XdpAction.Drop,
        _ => egress == interfaceIndex ? XdpAction.Transmit : XdpAction.Redirect,
    };

    /// <summary>Forgets all flows, fragments, turns and answers: for tests, which share an engine.</summary>
    internal void Clear()
    {
        _state.Flows.Clear();
        _state.Fragments.Clear();
        _tracer.ResetRateLimit();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _drivers?.Dispose();
        _punt?.Dispose();
        _persistence?.Dispose();
    }

    private uint Now() => Ticks.At(_clock());

    internal static long MonotonicNanoseconds() => Stopwatch.GetElapsedTime(0).Ticks * TimeSpan.NanosecondsPerTick;
}
