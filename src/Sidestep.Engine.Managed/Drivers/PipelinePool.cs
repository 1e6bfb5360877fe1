using Sidestep.Forwarding.Pipeline;

namespace Sidestep.Engine.Managed.Drivers;

/// <summary>Pipelines for workers: those of former workers again, so that nothing is counted twice or lost.</summary>
internal sealed class PipelinePool(ManagedEngine engine)
{
    private readonly HashSet<PacketPipeline> _inUse = [];

    /// <summary>One that nobody has.</summary>
    internal PacketPipeline Rent()
    {
        var pipeline = engine.Pipelines(_inUse.Count + 1).First(p => !_inUse.Contains(p));
        _inUse.Add(pipeline);
        return pipeline;
    }

    /// <summary>Its worker has ended.</summary>
    internal void Return(PacketPipeline pipeline) => _inUse.Remove(pipeline);
}
