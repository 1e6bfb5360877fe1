namespace Sidestep.ConformanceTests.Xdp;

/// <summary>Tests of this collection run one after the other: an engine is for one thread, and counters are compared
/// before and after.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class SerialEngines
{
    public const string Name = "engine";
}
