namespace Sidestep.SystemTests.Fixtures;

/// <summary>The trait of tests, and of rows of test data, that only <c>./test --long</c> runs: another test or row is
/// their short form, with another driver, mode or signal.</summary>
internal static class Form
{
    public const string Name = "form", Long = "long";
}
