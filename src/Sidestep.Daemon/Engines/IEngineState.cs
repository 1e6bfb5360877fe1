using Sidestep.Forwarding;
using Sidestep.Forwarding.Capture;
using Sidestep.Forwarding.Plans;
using Sidestep.Forwarding.TrackedFlows;

namespace Sidestep.Daemon.Engines;

/// <summary>The state of a running engine, as requests of the command line read it. Safe for threads; none of its
/// methods blocks the control loop for longer than a copy of the servers takes.</summary>
internal interface IEngineState
{
    /// <summary>Opens the flow table for a visit.</summary>
    /// <exception cref="EngineException">It cannot be read; the message says why.</exception>
    IFlowTable OpenFlows();

    /// <summary>Reads the state that a plan compares with.</summary>
    /// <exception cref="EngineException">It cannot be read; the message says why.</exception>
    RunningState Read();

    /// <summary>Reads how the interfaces are attached now; without the reasons for a slower driver.</summary>
    /// <exception cref="EngineException">It cannot be read; the message says why.</exception>
    IReadOnlyList<AttachedInterface> ReadAttached();

    /// <summary>Starts a capture.</summary>
    /// <exception cref="EngineException">Another capture is running, or the filter names a service or server that the
    /// director does not have.</exception>
    ICaptureSession StartCapture(CaptureFilter filter, CaptureLimits limits);
}
