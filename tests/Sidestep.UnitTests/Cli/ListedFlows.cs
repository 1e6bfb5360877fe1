using Sidestep.Forwarding;
using Sidestep.Forwarding.TrackedFlows;

namespace Sidestep.UnitTests.Cli;

/// <summary>A flow table that has these flows.</summary>
internal sealed class ListedFlows(FlowTableStatus status, IEnumerable<TrackedFlow> flows) : IFlowTable
{
    public FlowTableStatus Status => status;

    public bool IsDisposed { get; private set; }

    public void Visit(Action<TrackedFlow> visit)
    {
        foreach (var flow in flows)
            visit(flow);
    }

    public void Dispose() => IsDisposed = true;
}
