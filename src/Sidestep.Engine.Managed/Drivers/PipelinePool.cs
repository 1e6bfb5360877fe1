using Sidestep.Forwarding.Pipeline;

namespace Sidestep.Engine.Managed.Drivers;

/// <summary>Pipelines for workers: those of former workers again, so that nothing is counted twice or lost.</summary>
internal sealed class PipelinePool(ManagedEngine engine)
{
    private readonly HashSet<PacketPipeline> _taken = [];

    /// <summary>One that nobody has.</summary>
    internal PacketPipeline Take()
    {
        var pipeline = engine.Pipelines(_taken.Count + 1).First(p => !_taken.Contains(p));
        _taken.Add(pipeline);
        return pipeline;
    }

    /// <summary>Its worker has ended.</summary>
    internal void Return(PacketPipeline pipeline) => _taken.Remove(pipeline);
}
