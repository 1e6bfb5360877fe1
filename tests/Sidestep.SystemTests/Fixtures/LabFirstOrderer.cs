using Xunit.Sdk;
using Xunit.v3;

[assembly: TestCollectionOrderer(typeof(LabFirstOrderer))]
[assembly: CollectionBehavior(MaxParallelThreads = LabFirstOrderer.MaxParallelThreads)]

namespace Sidestep.SystemTests.Fixtures;

/// <summary>Starts the longest tests first: the topologies one after the other, and everything else in parallel.
/// Nearly all of these tests wait most of the time, for connections, probes and timeouts.</summary>
public sealed class LabFirstOrderer : ITestCollectionOrderer
{
    /// <summary>Tests that run at the same time: one topology and two others.</summary>
    internal const int MaxParallelThreads = 3;

    public IReadOnlyCollection<TTestCollection> OrderTestCollections<TTestCollection>(
        IReadOnlyCollection<TTestCollection> testCollections)
        where TTestCollection : ITestCollection =>
        [.. testCollections.OrderByDescending(static c => c.TestCollectionDisplayName == SerialTests.Name)];
}
