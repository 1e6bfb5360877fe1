using Sidestep.SystemTests;
using Xunit.Sdk;
using Xunit.v3;

[assembly: TestCollectionOrderer(typeof(LabFirst))]
[assembly: CollectionBehavior(MaxParallelThreads = LabFirst.AtOnce)]

namespace Sidestep.SystemTests;

/// <summary>What takes longest begins first: the topologies, one after the other, and everything else beside them. Nearly all of
/// these tests wait most of the time: for connections, probes, timeouts.</summary>
public sealed class LabFirst : ITestCollectionOrderer
{
    /// <summary>A topology and two others.</summary>
    internal const int AtOnce = 3;

    public IReadOnlyCollection<TTestCollection> OrderTestCollections<TTestCollection>(IReadOnlyCollection<TTestCollection> testCollections)
        where TTestCollection : ITestCollection =>
        [.. testCollections.OrderByDescending(static c => c.TestCollectionDisplayName == OneLabAtATime.Name)];
}
