using Sidestep.Api.Status;
using Sidestep.Daemon.Probes;
using Sidestep.Engine.Managed;
using Sidestep.Engine.Xdp;
using Sidestep.Forwarding;
using Sidestep.Hosting.Supervision;
using Sidestep.Model;

namespace Sidestep.Daemon.Engines;

/// <summary>The XDP engine.</summary>
/// <param name="engine">The open engine; disposed with this one.</param>
/// <param name="node">Name and pin path.</param>
/// <param name="log">Receives problems with punted packets.</param>
internal sealed class XdpDirectorEngine(XdpEngine engine, NodeSettings node, ILogger log) : DirectorEngine
{
    internal override EngineKind Kind => EngineKind.Xdp;

    internal override IReadOnlyList<string> Notes => engine.Notes;

    internal override bool ComparesConnections => engine.UsesLeastConnections;

    internal override IProbeFilter? LoadProbeFilter() => new KernelProbeFilter(engine.LoadProbeFilter());

    internal override int? IdOf(GroupKey group, ServerEntry server) => engine.IdOf(group, server);

    internal override void CountConnections() => engine.CountConnections();

    internal override IDisposable? OpenPunt(Supervisor supervisor) =>
        new PuntedFragmenter(engine.PuntedFrames, supervisor, log.FragmentationProblem);

    internal override DirectorStatus ReadStatus() => PinnedStatus.Read(node.PinPath, node.Name)
        ?? throw XdpEngineState.NotPinned(node);

    internal override IEngineState State { get; } = new XdpEngineState(node);

    public override void Apply(ForwardingTables tables) => engine.Apply(tables);

    public override RunningGroups? ReadRunning() => engine.ReadRunning();

    public override FlowCounts ReadFlows() => engine.ReadFlows();

    public override IReadOnlyList<AttachedInterface> Attach(IReadOnlyList<DirectorInterface> interfaces)
    {
        var attached = engine.Attach(interfaces);
        // From here on the XDP program handles the packets. The blackhole routes that a killed managed engine left are
        // obsolete.
        ManagedEngine.RemoveStale(DirectorFiles.PersistentStatePrefix(node));
        return attached;
    }

    public override bool IsAttached => engine.IsAttached;

    public override void Remove() => engine.Remove();

    public override EngineCounters ReadCounters() => engine.ReadCounters();

    public override void Dispose() => engine.Dispose();
}
