using System.Text.Json;
using Json.Schema;

namespace Sidestep.SystemTests.Cli;

/// <summary><c>sidestep status</c> as text and JSON, with and without the daemon.</summary>
public sealed class StatusCommandTests(RunningDaemon running) : IClassFixture<RunningDaemon>
{
    [Fact]
    public void Status_works_without_the_daemon_and_from_other_namespaces()
    {
        using var segment = new Segment();
        var daemon = segment.Start();
        using var traffic = segment.Send();
        traffic.WaitUntilAllAnswered();
        traffic.WaitForSent(100);
        var exchanges = traffic.Stop();
        var running = segment.StatusByCommand();
        AssertValid(running, "daemon");
        Assert.Equal(daemon.Id, running.GetProperty("daemon").GetProperty("processId").GetInt32());
        Assert.Equal(segment.FilePath, running.GetProperty("daemon").GetProperty("configurationFile").GetString());
        daemon.Kill();

        // This process is not in the director's namespace; a process in a client's namespace sees the same.
        foreach (var command in new[] { segment.StatusCommand("--json"),
            segment.Client.Enter(segment.StatusCommand("--json")),
            segment.Director.Enter([.. segment.StatusCommand("--json"), "--config", segment.FilePath]) })
        {
            using var document = JsonDocument.Parse(Shell.Run(command));
            var status = document.RootElement;
            AssertValid(status, "pinned-tables");
            Assert.False(status.GetProperty("daemon").GetProperty("running").GetBoolean());
            Assert.Equal("eth0", status.GetProperty("interfaces")[0].GetProperty("name").GetString());
            Assert.Equal("native", status.GetProperty("interfaces")[0].GetProperty("driver").GetString());
            // Packets that arrived were answered. The director counted all sent packets.
            Assert.Equal(exchanges.Count, status.GetProperty("services")[0].GetProperty("packets").GetInt64());
            Assert.Equal(exchanges.Count, Servers(status).Sum(static s => s.GetProperty("packets").GetInt64()));
            foreach (var server in Servers(status))
            {
                var number = server.GetProperty("name").GetString()![^1] - '0';
                Assert.Equal(exchanges.Count(e => e.Server == number), server.GetProperty("packets").GetInt64());
            }
        }
    }

    [Fact]
    public void Status_of_the_managed_engine_has_the_same_schema()
    {
        using var segment = new Segment();
        segment.File = segment.File with { Interfaces = [("eth0", "af-packet")], NodeLines = ["engine: managed"] };
        var daemon = segment.Start();
        using var traffic = segment.Send();
        traffic.WaitUntilAllAnswered();
        var status = segment.StatusByCommand();
        AssertValid(status, "daemon");
        Assert.Equal("managed", status.GetProperty("engine").GetString());
        Assert.NotEmpty(status.GetProperty("workers").EnumerateArray());
        traffic.Stop();

        // Nothing is pinned, so nothing is known without the daemon.
        daemon.Kill();
        var result = Shell.Try(segment.StatusCommand("--json"));
        Assert.Equal((1, ""), (result.ExitCode, result.Output));
    }

    [Fact]
    public void The_text_shows_what_the_JSON_shows()
    {
        var segment = running.Segment;
        segment.Apply(running.Original with { Servers = [.. running.Original.Servers, Segment.ServerEntry(9)] });
        var text = "";
        Eventually.True(() => (text = segment.StatusText()).Contains("does not answer ARP", StringComparison.Ordinal),
            () => text);
        segment.Apply(running.Original);
        foreach (var part in new[] { "eth0 (native)", "daemon running", "203.0.113.10", "udp 7", "server1", "10.9.0.11",
            "serving", "server9", "unresolved", "does not answer ARP", "arp-reply" })
            Assert.Contains(part, text, StringComparison.Ordinal);
    }

    [Fact]
    public void Status_says_when_nothing_is_forwarded()
    {
        using var segment = new Segment(servers: 1);
        segment.Start().Kill();
        segment.Director.Ip("link del eth0");
        // Whether the interface exists is known in its network namespace only.
        var result = Shell.Try(segment.Director.Enter(segment.StatusCommand()));
        Assert.Equal(1, result.ExitCode);
        Assert.Contains("eth0 (gone)", result.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("goes on forwarding", result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void A_missing_director_gives_exit_code_1()
    {
        using var segment = new Segment(servers: 0);
        var result = Shell.Try(segment.StatusCommand("--json"));
        Assert.Equal((1, ""), (result.ExitCode, result.Output));
        Assert.Contains("no director 'test' is pinned", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Missing_privileges_are_reported()
    {
        var result = Shell.Try(["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups",
            "--inh-caps=-all,+dac_read_search",
            "--ambient-caps=-all,+dac_read_search", "--bounding-set=-all,+dac_read_search",
                .. running.Segment.StatusCommand()]);
        Assert.Equal(2, result.ExitCode);
        Assert.Contains("Run as root", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void An_unreadable_configuration_file_gives_exit_code_2() =>
        Assert.Equal(2,
            Shell.Try(Repository.Executable("Sidestep.Cli", "sidestep"), "status", "--config",
                "/no/such.yaml").ExitCode);

    /// <summary>Status reads state that another process changes.</summary>
    [Fact]
    public void Status_is_consistent_while_the_configuration_changes()
    {
        var (segment, original) = (running.Segment, running.Original);
        for (var i = 0; i < 3; i++)
        {
            segment.Write(original with
            {
                Servers = [original.Servers[0] with { Name = $"name{i}" }, original.Servers[1]],
                Services = [.. Enumerable.Range(1, 1 + i % 3 * 100)
                    .Select(p => new UdpService($"service{i}-{p}", Segment.Vip, p))],
            });
            // The daemon applies the edit during these calls.
            for (var j = 0; j < 2; j++)
            {
                var services = segment.StatusByCommand().GetProperty("services").EnumerateArray()
                    .Select(static s => s.GetProperty("name").GetString()!.Split('-')[0]).Distinct();
                Assert.Single(services);
            }
        }
        segment.Apply(original);
    }

    private static void AssertValid(JsonElement status, string source)
    {
        var schema = JsonSchema.FromText(File.ReadAllText(Repository.File("docs/status.schema.json")));
        Assert.True(schema.Evaluate(status).IsValid, status.GetRawText());
        Assert.Equal(source, status.GetProperty("source").GetString());
    }

    private static JsonElement[] Servers(JsonElement status) =>
        [.. status.GetProperty("pools")[0].GetProperty("servers").EnumerateArray()];
}
