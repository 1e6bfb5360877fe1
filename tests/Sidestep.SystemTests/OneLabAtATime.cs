namespace Sidestep.SystemTests;

/// <summary>
/// Tests that bring up a topology run one after the other: each alone keeps all processors of a small machine busy.
/// </summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class OneLabAtATime
{
    public const string Name = "lab";
}
