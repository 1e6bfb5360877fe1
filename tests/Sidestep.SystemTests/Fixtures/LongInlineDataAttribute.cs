using System.Reflection;
using Xunit.Sdk;
using Xunit.v3;

namespace Sidestep.SystemTests.Fixtures;

/// <summary>A row of test data that only <c>./test --long</c> runs: with another driver, mode or signal. Another row,
/// or another test, is its short form.</summary>
[AttributeUsage(AttributeTargets.Method, AllowMultiple = true)]
internal sealed class LongInlineDataAttribute : DataAttribute
{
    private readonly object?[] _data;

    /// <param name="data">The arguments of the test.</param>
    public LongInlineDataAttribute(params object?[] data)
    {
        _data = data;
        // eng/results.sh leaves out what has this trait.
        Traits = ["form", "long"];
    }

    public override ValueTask<IReadOnlyCollection<ITheoryDataRow>> GetData(
        MethodInfo testMethod, DisposalTracker disposalTracker) => new([ConvertDataRow(_data)]);

    public override bool SupportsDiscoveryEnumeration() => true;
}
