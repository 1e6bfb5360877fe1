using Sidestep.Engine.Managed;
using Sidestep.Forwarding;
using Sidestep.Forwarding.Capture;
using Sidestep.Forwarding.Plans;
using Sidestep.Forwarding.TrackedFlows;

namespace Sidestep.Daemon.Engines;

/// <summary>Reads the state of the managed engine, which has no pinned maps.</summary>
/// <param name="engine">The engine.</param>
/// <param name="gate">Locked while the engine changes. A visit of its flows takes place outside.</param>
internal sealed class ManagedEngineState(ManagedEngine engine, Lock gate) : IEngineState
{
    public IFlowTable OpenFlows()
    {
        lock (gate)
            return engine.OpenFlows();
    }

    public RunningState Read()
    {
        lock (gate)
            return ManagedStatus.StateOf(engine) ?? throw RunningDirectorRequests.NotReady();
    }

    public IReadOnlyList<AttachedInterface> ReadAttached()
    {
        lock (gate)
            return engine.Attached;
    }

    public ICaptureSession StartCapture(CaptureFilter filter, CaptureLimits limits)
    {
        lock (gate)
            return engine.StartCapture(filter, limits);
    }
}
