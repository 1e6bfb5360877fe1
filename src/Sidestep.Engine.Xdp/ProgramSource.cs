using Sidestep.Native;

namespace Sidestep.Engine.Xdp;

/// <summary>Loads the program of an engine whenever its tables need other features.</summary>
internal class ProgramSource : IDisposable
{
    /// <summary>Loads the program with these features, on maps that exist.</summary>
    /// <exception cref="NativeException">The kernel rejected the program.</exception>
    internal virtual BpfObject Load(FeatureSet features, StateMaps maps) =>
        DirectorObject.Load(features, maps.FlowBuckets, maps.Map);

    /// <summary>Takes back a program that another one has replaced.</summary>
    internal virtual void Release(FeatureSet features, BpfObject replaced) => replaced.Dispose();

    /// <inheritdoc/>
    public virtual void Dispose() => GC.SuppressFinalize(this);
}
