using Sidestep.Engine.Xdp;
using Sidestep.Native;

namespace Sidestep.ConformanceTests.Xdp;

/// <summary>Keeps every program: rows switch features back and forth, and the verifier takes a while for each
/// load.</summary>
internal sealed class CachedPrograms : ProgramSource
{
    private readonly Dictionary<FeatureSet, BpfObject> _programs = [];

    internal override BpfObject Load(FeatureSet features, StateMaps maps) =>
        _programs.TryGetValue(features, out var loaded) ? loaded : base.Load(features, maps);

    internal override void Release(FeatureSet features, BpfObject replaced) => _programs.TryAdd(features, replaced);

    public override void Dispose()
    {
        foreach (var program in _programs.Values)
            program.Dispose();
        base.Dispose();
    }
}
