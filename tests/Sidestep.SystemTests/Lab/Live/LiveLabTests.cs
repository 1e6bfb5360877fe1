using System.Diagnostics;

namespace Sidestep.SystemTests.Lab.Live;

/// <summary>`./sidestep lab` on a terminal, with real traffic: a reader kills, drains and restores servers, and
/// quits.</summary>
[Collection(SerialTests.Name)]
public sealed class LiveLabTests
{
    [Fact]
    public async Task Keys_kill_drain_and_restore_servers_and_nothing_stays_behind()
    {
        var cancel = TestContext.Current.CancellationToken;
        using var lab = new LiveTerminal(80, 24, "watch l2-one-arm");
        await lab.WaitForScreenAsync("The director forwards: engine xdp", cancel);
        var runId = lab.RunId;
        var file = $"/run/sidestep-lab/{runId}/director/sidestep.yaml";
        await lab.WaitForScreenAsync("1 web1    healthy", cancel);
        await lab.WaitForScreenAsync("3 web3    healthy", cancel);

        lab.Press("2k");
        await lab.WaitForScreenAsync("> 2 web2    down", cancel);
        Assert.Contains("nginx stopped", lab.Screen, StringComparison.Ordinal);
        Assert.False(ListensOnPort80(runId, "web2"));
        Assert.True(ListensOnPort80(runId, "web3"));

        lab.Press("3d");
        await lab.WaitForScreenAsync("> 3 web3    draining", cancel);
        Assert.Contains("state: draining", await File.ReadAllTextAsync(file, cancel), StringComparison.Ordinal);

        lab.Press("r");
        await lab.WaitForScreenAsync("> 3 web3    healthy", cancel);
        Assert.DoesNotContain("state: draining", await File.ReadAllTextAsync(file, cancel), StringComparison.Ordinal);
        lab.Press("2r");
        await lab.WaitForScreenAsync("> 2 web2    healthy", cancel);
        Assert.True(ListensOnPort80(runId, "web2"));

        var processes = LabLeftovers.Processes(runId);
        lab.Press("q");
        await lab.WaitForExitAsync(cancel);

        Assert.Equal(0, lab.ExitCode);
        Assert.Empty(LabLeftovers.Of(runId));
        Assert.DoesNotContain(processes, LabLeftovers.IsAlive);
        // The terminal shows again what it showed before, with the cursor.
        Assert.Contains("\e[?25h\e[?1049l", lab.Output, StringComparison.Ordinal);
        // No request was sent before the director forwarded, so none failed before the first server was killed.
        Assert.All(lab.Frames().Where(f => !f.Contains("The director forwards", StringComparison.Ordinal)
            && !f.Contains("killed", StringComparison.Ordinal)), f =>
                Assert.Contains(" 0 answered, 0 failed;", f, StringComparison.Ordinal));
        Assert.All(lab.Frames().TakeWhile(f => !f.Contains("killed", StringComparison.Ordinal)),
            f => Assert.Contains(" 0 failed;", f, StringComparison.Ordinal));
        Assert.All(lab.Frames(), f => Assert.All(f.Split('\n'), line => Assert.Equal(80, line.TrimEnd('\r').Length)));
    }

    private static bool ListensOnPort80(string runId, string server)
    {
        using var process = Process.Start(new ProcessStartInfo("nsenter",
            [$"--net=/run/netns/ss-{runId}-{server}", "ss", "-Hltn", "sport = :80"])
        {
            RedirectStandardOutput = true,
        })!;
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return output.Length > 0;
    }
}
