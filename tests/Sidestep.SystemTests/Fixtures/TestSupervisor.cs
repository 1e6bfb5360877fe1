using Sidestep.Hosting.Supervision;

namespace Sidestep.SystemTests.Fixtures;

internal static class TestSupervisor
{
    /// <summary>A supervisor that logs what fails.</summary>
    internal static Supervisor Of(Action<string> log) => new(TimeProvider.System, new LoopFailures(TimeProvider.System),
        (fault, name) => log($"{name}: {fault}"));
}
