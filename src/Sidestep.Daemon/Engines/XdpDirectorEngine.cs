using Sidestep.Engine.Managed;
using Sidestep.Engine.Xdp;
using Sidestep.Forwarding;
using Sidestep.Model;

namespace Sidestep.Daemon.Engines;

/// <summary>The program in the kernel. What the command line asks it reads from what is pinned.</summary>
/// <param name="engine">Opened.</param>
/// <param name="managedStatePrefix">What the names of files begin with in which the managed engine kept what it remembered.</param>
internal sealed class XdpDirectorEngine(XdpEngine engine, string managedStatePrefix) : DirectorEngine
{
    internal override EngineKind Kind => EngineKind.Xdp;

    internal override IReadOnlyList<string> Notes => engine.Notes;

    public override EngineCapabilities Capabilities => engine.Capabilities;

    internal override bool ComparesConnections => engine.UsesLeastConnections;

    internal override ProbeFilter? LoadProbeFilter() => engine.LoadProbeFilter();

    internal override int? IdOf(GroupKey group, ServerEntry server) => engine.IdOf(group, server);

    internal override void CountConnections() => engine.CountConnections();

    internal override IDisposable? OpenPunt() => new PuntedFragmenter(engine.PuntedFrames, Log.Warning);

    public override void Apply(ForwardingTables tables) => engine.Apply(tables);

    public override RunningGroups? ReadRunning() => engine.ReadRunning();

    public override FlowCounts ReadFlows() => engine.ReadFlows();

    public override IReadOnlyList<AttachedInterface> Attach(IReadOnlyList<DirectorInterface> interfaces)
    {
        var attached = engine.Attach(interfaces);
        // From here on packets meet the program: what the managed engine told the kernel, and left when it was killed, is not needed.
        ManagedEngine.RemoveStale(managedStatePrefix);
        return attached;
    }

    public override void Remove() => engine.Remove();

    public override EngineCounters ReadCounters() => engine.ReadCounters();

    public override TraceResult Trace(ReadOnlySpan<byte> frame, int interfaceIndex) => engine.Trace(frame, interfaceIndex);

    public override void Dispose() => engine.Dispose();
}
