using Sidestep.ConformanceTests.Differential;
using Sidestep.ConformanceTests.Xdp;

namespace Sidestep.ConformanceTests;

/// <summary>Both implementations behave identically: generated scenarios and frames on both engines. <c>./sidestep fuzz
/// differential</c> runs more of them.</summary>
[Collection(SerialEngines.Name)]
public sealed class DifferentialTests(Engines engines)
{
    private const int Scenarios = 40, Frames = 1000;

    [Fact]
    public void Both_engines_process_generated_frames_identically_in_generated_scenarios()
    {
        var findings = new List<string>();
        // On a separate thread, because the comparison pins it to one CPU.
        var thread = new Thread(() =>
        {
            using var run = new DifferentialRun(engines);
            for (var number = 0; number < Scenarios; number++)
            {
                if (run.Run(number, Frames) is { IsRepeatable: true } finding)
                    findings.Add($"{finding}");
            }
        });
        thread.Start();
        thread.Join();
        Assert.Empty(findings);
    }
}
