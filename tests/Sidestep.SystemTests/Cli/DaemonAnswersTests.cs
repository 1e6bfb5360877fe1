using System.Text.Json;

namespace Sidestep.SystemTests.Cli;

/// <summary><c>sidestep trace</c>, <c>plan</c>, <c>events</c> and <c>history</c>, answered by the daemon of
/// each engine, and without it.</summary>
public sealed class DaemonAnswersTests
{
    [Theory]
    [InlineData("native", "xdp")]
    [LongInlineData("af-packet", "managed")]
    public void Daemon_answers_with_what_it_does(string driver, string engine)
    {
        using var segment = new Segment();
        segment.File = segment.File with { Interfaces = [("eth0", driver)], NodeLines = [$"engine: {engine}"] };
        var daemon = segment.Start();
        using var traffic = segment.Send();
        traffic.WaitUntilAllAnswered();
        var answered = ExchangeAssert.ServerByClient(traffic.Stop());

        // The server of a trace is the one that replies to this client.
        foreach (var (client, server) in answered)
        {
            var trace = Json(segment, ["trace", "-c", segment.FilePath, "--json", "udp",
                $"{Segment.Sources[client]}:40000", $"{Segment.Vip}:{EchoServer.Port}"]);
            Assert.Equal("daemon", trace.GetProperty("source").GetString());
            Assert.Contains($"server{server}", trace.GetProperty("stages").ToString(), StringComparison.Ordinal);
        }

        var plan = Plan(segment);
        Assert.Equal("daemon", plan.GetProperty("source").GetString());
        Assert.True(plan.GetProperty("movedSlots").GetInt64() > 0, plan.ToString());

        segment.Apply(segment.File with
        {
            Servers = [Segment.ServerEntry(1), Segment.ServerEntry(2) with { Weight = 2 }],
        });
        segment.WriteText("node: {");
        Eventually.True(() => Outcomes(segment) is ["accepted", "accepted", "rejected"],
            () => string.Join(' ', Outcomes(segment)));
        Assert.Contains(Json(segment, Command(segment, "events")).GetProperty("events").EnumerateArray(),
            static e => e.GetProperty("level").GetString() == "error"
                && e.GetProperty("message").GetString()!.Contains("sidestep.yaml:", StringComparison.Ordinal));

        daemon.Kill();
        Assert.Equal(1, Run(segment, Command(segment, "events")).ExitCode);
        if (engine == "xdp")
            Assert.Equal("pinned-tables", Plan(segment).GetProperty("source").GetString());
    }

    /// <summary>The plan of a file without server 2.</summary>
    private static JsonElement Plan(Segment segment)
    {
        var path = Path.Combine(segment.Lan.Folder, "proposed.yaml");
        File.WriteAllText(path, (segment.File with { Servers = [Segment.ServerEntry(1)] }).ToString());
        return Json(segment, ["plan", path, "--json"]);
    }

    private static string?[] Outcomes(Segment segment) =>
    [
        .. Json(segment, Command(segment, "history")).GetProperty("revisions").EnumerateArray()
            .Select(static r => r.GetProperty("outcome").GetString()),
    ];

    private static string[] Command(Segment segment, params string[] words) =>
        [.. words, "--name", segment.File.Name, "--pin-path", segment.File.PinPath, "--json"];

    private static Shell.Result Run(Segment segment, string[] command) => Shell.Try(segment.Director.Enter(
        [Repository.Executable("Sidestep.Cli", "sidestep"), .. command]));

    private static JsonElement Json(Segment segment, string[] command)
    {
        var result = Run(segment, command);
        Assert.True(result.ExitCode == 0, $"{string.Join(' ', command)}: {result.Output}{result.Error}");
        using var document = JsonDocument.Parse(result.Output);
        return document.RootElement.Clone();
    }
}
