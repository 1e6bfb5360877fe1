using System.Collections.Immutable;

namespace Sidestep.Forwarding.Pipeline;

/// <summary>What the pipelines of an engine share: remembered flows and fragments, and what each of them has counted.</summary>
internal sealed class PipelineState(int services, int servers, FlowTableMemory flows)
{
    private ImmutableArray<PipelineCounters> _counters = [];

    internal FlowTable Flows { get; } = new(flows, services, servers);

    internal FragmentTable Fragments { get; } = new();

    internal ImmutableArray<PipelineCounters> Counters => _counters;

    /// <summary>For one more pipeline, on any thread.</summary>
    internal PipelineCounters NewCounters()
    {
        var counters = new PipelineCounters(services, servers);
        ImmutableInterlocked.Update(ref _counters, static (all, added) => all.Add(added), counters);
        return counters;
    }
}
