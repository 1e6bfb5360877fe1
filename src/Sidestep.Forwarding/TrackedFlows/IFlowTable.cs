namespace Sidestep.Forwarding.TrackedFlows;

/// <summary>The flow table of a running director, for reading beside its packets. A reader holds no lock of the
/// director.</summary>
public interface IFlowTable : IDisposable
{
    /// <summary>Its size, and the servers and services that flows can belong to.</summary>
    FlowTableStatus Status { get; }

    /// <summary>Visits every live flow, in no particular order. A flow that a packet changes meanwhile may be
    /// skipped.</summary>
    /// <param name="visit">Receives each flow. Its exceptions end the visit and are passed on.</param>
    void Visit(Action<TrackedFlow> visit);
}
