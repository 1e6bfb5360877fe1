namespace Sidestep.SystemTests.Lab;

/// <summary>A killed lab cannot clean up; the next one does.</summary>
[Collection(SerialTests.Name)]
public sealed class LabCleanupTests
{
    private static readonly TimeSpan UntilTraffic = TimeSpan.FromMinutes(1);

    [Fact]
    public async Task The_next_start_removes_what_a_killed_lab_left()
    {
        var cancel = TestContext.Current.CancellationToken;
        using var killed = LabProcess.Start("run", "l3-routed", "--json");
        await killed.WaitForOutputAsync("of 2000 HTTP requests", UntilTraffic, cancel);
        killed.Kill();
        await killed.WaitForExitAsync(cancel);

        var killedRunId = Assert.IsType<string>(killed.RunId);
        Assert.NotEmpty(LabLeftovers.Namespaces(killedRunId));
        var processes = LabLeftovers.Processes(killedRunId);
        Assert.NotEmpty(processes);

        using var next = await LabProcess.RunAsync(cancel, "up", "l2-one-arm");
        Assert.NotNull(next.RunId);
        try
        {
            Assert.True(next.ExitCode == 0, next.Errors);
            Assert.Empty(LabLeftovers.Of(killedRunId));
            Assert.DoesNotContain(processes, LabLeftovers.IsAlive);
            // The lab did not mistake the running topology for a leftover.
            Assert.NotEmpty(LabLeftovers.Namespaces(next.RunId));
        }
        finally
        {
            using var down = await LabProcess.RunAsync(cancel, "down", "--run", next.RunId);
            Assert.True(down.ExitCode == 0, down.Errors);
        }
        Assert.Empty(LabLeftovers.Of(next.RunId));
    }

    [Fact]
    public async Task An_unknown_topology_is_rejected_with_the_known_names_and_nothing_is_created()
    {
        using var lab = await LabProcess.RunAsync(TestContext.Current.CancellationToken, "run", "no-such-topology",
            "--json");

        Assert.Equal(1, lab.ExitCode);
        Assert.Empty(lab.Output);
        Assert.All(["churn", "l2-one-arm", "l3-dual", "l3-routed"], name =>
            Assert.Contains(name, lab.Errors, StringComparison.Ordinal));
        Assert.Null(lab.RunId);
    }
}
