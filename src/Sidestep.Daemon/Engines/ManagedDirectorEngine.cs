using Sidestep.Api.Status;
using Sidestep.Daemon.Probes;
using Sidestep.Engine.Managed;
using Sidestep.Engine.Xdp;
using Sidestep.Forwarding;
using Sidestep.Hosting.Supervision;
using Sidestep.Model;
using Sidestep.Native;

namespace Sidestep.Daemon.Engines;

/// <summary>The managed engine, and, where BPF can be loaded, the tables of the probe filter. It forwards while the
/// daemon runs. Its flow table outlives the process.</summary>
internal sealed class ManagedDirectorEngine : DirectorEngine
{
    private readonly Lock _gate = new();
    private readonly NodeSettings _node;
    private readonly ManagedEngine _engine;

    /// <summary>Loaded in the background of the start: the tables take some 200 MiB.</summary>
    private readonly Task<(XdpEngine? Engine, string? WhyNot)> _probes = Task.Run(TryProbes);

    private readonly string[] _notes;
    private DateTimeOffset _appliedAt;

    /// <summary>Opens the managed engine, and adopts the state that an earlier daemon left.</summary>
    /// <param name="node">Name and pin path.</param>
    /// <param name="flowTableSize">How many flows it can track.</param>
    /// <param name="notes">Why this engine was selected; may be empty.</param>
    /// <param name="log">Receives problems of the engine.</param>
    /// <exception cref="EngineException">The engine cannot run here.</exception>
    internal ManagedDirectorEngine(NodeSettings node, int flowTableSize, IEnumerable<string> notes, ILogger log)
    {
        _node = node;
        _engine = ManagedEngine.ForInterfaces(
            flowTableSize, DirectorFiles.PersistentStatePrefix(node), log.EngineProblem);
        _notes = [.. notes, .. _engine.Notes];
        State = new ManagedEngineState(_engine, _gate);
    }

    internal override EngineKind Kind => EngineKind.Managed;

    internal override IReadOnlyList<string> Notes => _notes;

    internal override string? NoProbesReason => _probes.GetAwaiter().GetResult().WhyNot;

    private XdpEngine? Probes => _probes.GetAwaiter().GetResult().Engine;

    internal override bool ComparesConnections => _engine.UsesLeastConnections;

    internal override IProbeFilter? LoadProbeFilter() =>
        Probes?.LoadProbeFilter() is { } filter ? new KernelProbeFilter(filter) : null;

    internal override int? IdOf(GroupKey group, ServerEntry server) => Probes?.IdOf(group, server);

    internal override void CountConnections() => _engine.CountConnections();

    /// <summary>Null: the engine fragments packets itself.</summary>
    internal override IDisposable? OpenPunt(Supervisor supervisor) => null;

    internal override IReadOnlyList<string> RestoreKernelState() => _engine.RestoreKernelState();

    internal override DirectorStatus ReadStatus()
    {
        lock (_gate)
            return ManagedStatus.Of(_engine, _node.Name, _appliedAt);
    }

    internal override IEngineState State { get; }

    public override void Apply(ForwardingTables tables)
    {
        lock (_gate)
        {
            // The probe filter first: a probe to a server that it does not know yet would count as lost.
            Probes?.Apply(tables);
            _engine.Apply(tables);
            _appliedAt = DateTimeOffset.UtcNow;
        }
    }

    public override RunningGroups? ReadRunning()
    {
        lock (_gate)
            return _engine.ReadRunning();
    }

    public override FlowCounts ReadFlows()
    {
        lock (_gate)
            return _engine.ReadFlows();
    }

    public override IReadOnlyList<AttachedInterface> Attach(IReadOnlyList<DirectorInterface> interfaces)
    {
        // A program that an earlier run of the XDP engine left attached would receive the frames first.
        XdpEngine.RemovePinned(_node.PinPath, _node.Name);
        lock (_gate)
            return _engine.Attach(interfaces);
    }

    public override bool IsAttached
    {
        get
        {
            lock (_gate)
                return _engine.IsAttached;
        }
    }

    public override void Remove()
    {
        lock (_gate)
            _engine.Remove();
    }

    public override EngineCounters ReadCounters()
    {
        lock (_gate)
            return _engine.ReadCounters();
    }

    public override void Dispose()
    {
        _engine.Dispose();
        Probes?.Dispose();
    }

    private static (XdpEngine? Engine, string? WhyNot) TryProbes()
    {
        try
        {
            XdpEngine.CheckMachine();
            return (XdpEngine.MakeTables(), null);
        }
        catch (Exception e) when (e is EngineException or NativeException)
        {
            return (null, e.Message);
        }
    }
}
