using Sidestep.Forwarding;
using Sidestep.Forwarding.Pipeline;
using Sidestep.Forwarding.TrackedFlows;

namespace Sidestep.Engine.Managed;

/// <summary>The flow table of a managed engine, with the servers and services of one moment. A visit takes no lock of
/// the engine; it must end before the engine is disposed.</summary>
internal sealed class ManagedFlows(FlowTable flows, FlowTableStatus status,
    IReadOnlyDictionary<int, ServerKey> servers, Func<uint> now) : IFlowTable
{
    public FlowTableStatus Status => status;

    public void Visit(Action<TrackedFlow> visit) => flows.Visit(servers, now(), visit);

    public void Dispose()
    {
        // The flow table is the engine's.
    }
}
