namespace Sidestep.SystemTests;

/// <summary>A lab that is killed cannot clean up; the next one does.</summary>
[Collection(OneLabAtATime.Name)]
public sealed class LabCrashTests
{
    private static readonly TimeSpan UntilTraffic = TimeSpan.FromMinutes(1);

    [Fact]
    public async Task What_a_killed_lab_left_is_removed_by_the_next_start()
    {
        var cancel = TestContext.Current.CancellationToken;
        using var killed = LabProcess.Start("run", "l3-routed", "--json");
        await killed.SaysAsync("of 2000 HTTP requests", UntilTraffic, cancel);
        killed.Kill();
        await killed.EndAsync(cancel);

        var left = Assert.IsType<string>(killed.RunId);
        Assert.NotEmpty(LabTraces.Namespaces(left));
        var processes = LabTraces.Processes(left);
        Assert.NotEmpty(processes);

        using var next = await LabProcess.RunAsync(cancel, "up", "l2-one-arm");
        Assert.NotNull(next.RunId);
        try
        {
            Assert.True(next.ExitCode == 0, next.Errors);
            Assert.Empty(LabTraces.Of(left));
            Assert.DoesNotContain(processes, LabTraces.Lives);
            // The one that is up has not been taken for a leftover.
            Assert.NotEmpty(LabTraces.Namespaces(next.RunId));
        }
        finally
        {
            using var down = await LabProcess.RunAsync(cancel, "down", "--run", next.RunId);
            Assert.True(down.ExitCode == 0, down.Errors);
        }
        Assert.Empty(LabTraces.Of(next.RunId));
    }

    [Fact]
    public async Task An_unknown_topology_is_refused_with_the_known_names_and_nothing_is_made()
    {
        using var lab = await LabProcess.RunAsync(TestContext.Current.CancellationToken, "run", "no-such-topology", "--json");

        Assert.Equal(1, lab.ExitCode);
        Assert.Empty(lab.Output);
        Assert.All(["churn", "l2-one-arm", "l3-dual", "l3-routed"], name => Assert.Contains(name, lab.Errors, StringComparison.Ordinal));
        Assert.Null(lab.RunId);
    }
}
