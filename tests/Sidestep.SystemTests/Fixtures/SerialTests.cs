namespace Sidestep.SystemTests.Fixtures;

/// <summary>Tests that bring up a topology, or lose no packet under load, run one after the other.</summary>
[CollectionDefinition(Name)]
public sealed class SerialTests
{
    public const string Name = "lab";
}
