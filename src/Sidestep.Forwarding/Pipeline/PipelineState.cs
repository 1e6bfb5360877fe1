using System.Collections.Immutable;

namespace Sidestep.Forwarding.Pipeline;

/// <summary>State that the pipelines of an engine share: flow table, fragment table, and the counters of each
/// pipeline.</summary>
internal sealed class PipelineState(int services, int servers, FlowTableMemory flows)
{
    private ImmutableArray<PipelineCounters> _counters = [];

    internal FlowTable Flows { get; } = new(flows, services, servers);

    internal FragmentTable Fragments { get; } = new();

    internal ImmutableArray<PipelineCounters> Counters => _counters;

    /// <summary>Creates the counters of another pipeline; thread-safe.</summary>
    internal PipelineCounters NewCounters()
    {
        var counters = new PipelineCounters(services, servers);
        ImmutableInterlocked.Update(ref _counters, static (all, added) => all.Add(added), counters);
        return counters;
    }
}
