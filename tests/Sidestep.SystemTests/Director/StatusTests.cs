using System.Text.Json;

namespace Sidestep.SystemTests.Director;

/// <summary><c>sidestep status</c> says what is, to people and programs, with and without the daemon.</summary>
public sealed class StatusTests
{
    [Fact]
    public void ItWorksWithoutTheDaemonAndFromElsewhere()
    {
        using var segment = new Segment();
        var daemon = segment.Start();
        using var traffic = segment.Send();
        traffic.UntilAllAnswered();
        traffic.Pass(100);
        var exchanges = traffic.Stop();
        var running = segment.Status();
        Assert.Equal(daemon.Id, running.GetProperty("daemon").GetProperty("processId").GetInt32());
        Assert.Equal(segment.FilePath, running.GetProperty("daemon").GetProperty("configurationFile").GetString());
        daemon.Kill();

        // This process is in no namespace of the director's; a client of it sees the same.
        foreach (var command in new[] { segment.Cli("--json"), segment.Client.Enter(segment.Cli("--json")), segment.Director.Enter([.. segment.Cli("--json"), "--config", segment.FilePath]) })
        {
            using var document = JsonDocument.Parse(Shell.Run(command));
            var status = document.RootElement;
            Assert.False(status.GetProperty("daemon").GetProperty("running").GetBoolean());
            Assert.Equal("eth0", status.GetProperty("interfaces")[0].GetProperty("name").GetString());
            Assert.Equal("native", status.GetProperty("interfaces")[0].GetProperty("driver").GetString());
            // What arrived was answered; what the director saw is what was sent.
            Assert.Equal(exchanges.Count, status.GetProperty("services")[0].GetProperty("packets").GetInt64());
            Assert.Equal(exchanges.Count, Servers(status).Sum(static s => s.GetProperty("packets").GetInt64()));
            foreach (var server in Servers(status))
            {
                var number = server.GetProperty("name").GetString()![^1] - '0';
                Assert.Equal(exchanges.Count(e => e.By == number), server.GetProperty("packets").GetInt64());
            }
        }
    }

    [Fact]
    public void TheTextHasWhatTheJsonHas()
    {
        using var segment = new Segment();
        segment.File = segment.File with { Servers = [.. segment.File.Servers, Segment.Line(9)] };
        segment.Start();
        var text = segment.StatusText();
        foreach (var words in new[] { "eth0 (native)", "daemon running", "203.0.113.10", "udp 7", "server1", "10.9.0.11", "serving", "server9", "unresolved", "does not answer ARP", "ARP answered" })
            Assert.Contains(words, text, StringComparison.Ordinal);
    }

    [Fact]
    public void ItSaysThatNothingIsForwardedWhenNothingIs()
    {
        using var segment = new Segment(servers: 1);
        segment.Start().Kill();
        segment.Director.Ip("link del eth0");
        var result = Shell.Try(segment.Cli());
        Assert.Equal(1, result.ExitCode);
        Assert.Contains("eth0 (gone)", result.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("goes on forwarding", result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void ADirectorThatIsNotThereIsExitCode1()
    {
        using var segment = new Segment(servers: 0);
        var result = Shell.Try(segment.Cli("--json"));
        Assert.Equal((1, ""), (result.ExitCode, result.Output));
        Assert.Contains("no director 'test' is pinned", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void WhoeverMayNotReadIsToldSo()
    {
        using var segment = new Segment(servers: 1);
        segment.Start();
        var result = Shell.Try(["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--inh-caps=-all,+dac_read_search",
            "--ambient-caps=-all,+dac_read_search", "--bounding-set=-all,+dac_read_search", .. segment.Cli()]);
        Assert.Equal(2, result.ExitCode);
        Assert.Contains("Run as root", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void AFileThatCannotBeReadIsExitCode2() =>
        Assert.Equal(2, Shell.Try(Repository.Executable("Sidestep.Cli", "sidestep"), "status", "--config", "/no/such.yaml").ExitCode);

    /// <summary>It reads what another process is changing.</summary>
    [Fact]
    public void ItIsWholeWhileTheConfigurationChanges()
    {
        using var segment = new Segment();
        segment.Start();
        var good = segment.File;
        for (var i = 0; i < 6; i++)
        {
            segment.Write(good with
            {
                Servers = [good.Servers[0] with { Name = $"name{i}" }, good.Servers[1]],
                Services = [.. Enumerable.Range(1, 1 + i % 3 * 100).Select(p => new ServiceLine($"service{i}-{p}", Segment.Vip, p))],
            });
            // The daemon takes the edit up somewhere in the middle of these.
            for (var j = 0; j < 2; j++)
            {
                var services = segment.Status().GetProperty("services").EnumerateArray().Select(static s => s.GetProperty("name").GetString()!.Split('-')[0]).Distinct();
                Assert.Single(services);
            }
        }
    }

    private static JsonElement[] Servers(JsonElement status) => [.. status.GetProperty("pools")[0].GetProperty("servers").EnumerateArray()];
}
