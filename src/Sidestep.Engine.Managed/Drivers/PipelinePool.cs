using Sidestep.Forwarding.Pipeline;

namespace Sidestep.Engine.Managed.Drivers;

/// <summary>Pipelines for workers. Pipelines of stopped workers are reused, so that no counter is lost.</summary>
internal sealed class PipelinePool(ManagedEngine engine)
{
    private readonly HashSet<PacketPipeline> _inUse = [];

    /// <summary>Returns a pipeline that no worker uses.</summary>
    internal PacketPipeline Rent()
    {
        var pipeline = engine.Pipelines(_inUse.Count + 1).First(p => !_inUse.Contains(p));
        _inUse.Add(pipeline);
        return pipeline;
    }

    /// <summary>Releases the pipeline of a stopped worker.</summary>
    internal void Return(PacketPipeline pipeline) => _inUse.Remove(pipeline);
}
