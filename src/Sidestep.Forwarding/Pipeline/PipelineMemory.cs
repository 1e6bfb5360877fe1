namespace Sidestep.Forwarding.Pipeline;

/// <summary>What the pipelines of an engine share: remembered flows and fragments, and what each of them has counted.</summary>
internal sealed class PipelineMemory(int services, int servers, int rememberedFlows)
{
    private readonly List<PipelineCounters> _counters = [];

    internal FlowTable Flows { get; } = new(rememberedFlows, services, servers);

    internal FragmentTable Fragments { get; } = new();

    internal IReadOnlyList<PipelineCounters> Counters => _counters;

    internal PipelineCounters NewCounters()
    {
        var counters = new PipelineCounters(services, servers);
        _counters.Add(counters);
        return counters;
    }
}
