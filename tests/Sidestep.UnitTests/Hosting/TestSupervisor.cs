using Sidestep.Hosting.Supervision;
using Sidestep.UnitTests.Control;

namespace Sidestep.UnitTests.Hosting;

internal static class TestSupervisor
{
    /// <summary>A supervisor for tests in which nothing fails.</summary>
    internal static Supervisor Create() => new(new ManualTime(), new LoopFailures(new ManualTime()),
        static (fault, name) => throw new InvalidOperationException(name, fault));
}
