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
/// <param name="director">Name and pin path.</param>
internal sealed class XdpEngineState(DirectorSettings director) : IEngineState
{
    public IFlowTable OpenFlows() => DirectorFlows.Open(director.PinPath, director.Name) ?? throw NotPinned(director);

    public RunningState Read() => RunningDirector.Read(director) ?? throw NotPinned(director);

    public ICaptureSession StartCapture(CaptureFilter filter, CaptureLimits limits) =>
        CaptureSession.Start(director.PinPath, director.Name, filter, limits) ?? throw NotPinned(director);

    internal static EngineException NotPinned(DirectorSettings director) => new(
        $"the tables of the director '{director.Name}' are no longer pinned under {director.PinPath}: restart it");
}
