using Sidestep.Engine.Xdp;
using Sidestep.Engine.Xdp.Capture;
using Sidestep.Forwarding;
using Sidestep.Forwarding.Capture;
using Sidestep.Forwarding.Plans;
using Sidestep.Forwarding.TrackedFlows;
using Sidestep.Model;

namespace Sidestep.Daemon.Engines;

/// <summary>Reads the state of the XDP engine from the pinned maps, as the command line does without a daemon. Every
/// request has mappings of its own, so it needs no lock.</summary>
/// <param name="node">Name and pin path.</param>
internal sealed class XdpEngineState(NodeSettings node) : IEngineState
{
    public IFlowTable OpenFlows() => DirectorFlows.Open(node.PinPath, node.Name) ?? throw NotPinned(node);

    public RunningState Read() => RunningDirector.Read(node) ?? throw NotPinned(node);

    public IReadOnlyList<AttachedInterface> ReadAttached() => XdpEngine.ReadAttached(node.PinPath, node.Name);

    public ICaptureSession StartCapture(CaptureFilter filter, CaptureLimits limits) =>
        CaptureSession.Start(node.PinPath, node.Name, filter, limits) ?? throw NotPinned(node);

    internal static EngineException NotPinned(NodeSettings node) => new(
        $"the tables of the director '{node.Name}' are no longer pinned under {node.PinPath}: restart it");
}
