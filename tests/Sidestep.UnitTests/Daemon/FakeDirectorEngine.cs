using Sidestep.Api.Status;
using Sidestep.Daemon.Engines;
using Sidestep.Daemon.Probes;
using Sidestep.Forwarding;
using Sidestep.Hosting.Supervision;
using Sidestep.Model;

namespace Sidestep.UnitTests.Daemon;

/// <summary>An engine that only answers questions about itself.</summary>
internal sealed class FakeDirectorEngine(EngineKind kind, string? noProbesReason = null) : DirectorEngine
{
    internal override EngineKind Kind => kind;

    internal override IReadOnlyList<string> Notes => [];

    internal override string? NoProbesReason => noProbesReason;

    internal override bool ComparesConnections => false;

    internal override IProbeFilter? LoadProbeFilter() => null;

    internal override DirectorStatus ReadStatus() => throw new NotSupportedException();

    internal override int? IdOf(GroupKey group, ServerEntry server) => null;

    internal override void CountConnections() => throw new NotSupportedException();

    internal override IDisposable? OpenPunt(Supervisor supervisor) => null;

    internal override IEngineState State { get; } = new TestEngineState();

    public override void Apply(ForwardingTables tables) => throw new NotSupportedException();

    public override RunningGroups? ReadRunning() => null;

    public override FlowCounts ReadFlows() => throw new NotSupportedException();

    public override IReadOnlyList<AttachedInterface> Attach(IReadOnlyList<DirectorInterface> interfaces) => [];

    public override bool IsAttached => true;

    public override void Remove() => throw new NotSupportedException();

    public override EngineCounters ReadCounters() => throw new NotSupportedException();

    public override void Dispose()
    {
    }
}
