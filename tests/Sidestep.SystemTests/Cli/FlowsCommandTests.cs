using System.Globalization;
using System.Text.Json;

namespace Sidestep.SystemTests.Cli;

/// <summary><c>sidestep flows</c> beside a real director. The result is compared with the servers that reply.</summary>
public sealed class FlowsCommandTests
{
    [Fact]
    public void Flows_tracked_after_a_change_are_listed_with_the_server_that_replies()
    {
        using var segment = new Segment();
        var daemon = segment.Start();
        using var traffic = segment.Send();
        traffic.WaitUntilAllAnswered();
        traffic.WaitForSent(100);
        Assert.Equal(0, Flows(segment).GetProperty("flows").GetInt64());

        var before = ExchangeAssert.ServerByClient(traffic.Snapshot());
        var servers = segment.File.Servers;
        segment.Apply(segment.File with { Servers = [servers[0] with { Draining = true }, servers[1]] });
        traffic.WaitUntilAllAnswered();
        traffic.WaitForSent(100);
        var exchanges = traffic.Stop();
        daemon.Kill();

        var all = Flows(segment, "--list");
        var listed = all.GetProperty("list").EnumerateArray()
            .ToDictionary(static f =>
                f.GetProperty("client").GetString()!, static f => f.GetProperty("server").GetString());
        // Only flows in slots of the draining server are tracked.
        Assert.Equal(before.Where(static s => s.Value == 1).Select(static s => Segment.Sources[s.Key]).Order(),
            listed.Keys.Order());
        Assert.All(listed, f =>
        {
            var last = exchanges.Last(e => e.IsAnswered && Segment.Sources[e.Source] == f.Key);
            Assert.Equal(string.Create(CultureInfo.InvariantCulture, $"server{last.Server}"), f.Value);
        });
        Assert.Equal(listed.Count, all.GetProperty("servers").EnumerateArray()
            .Sum(static s => s.GetProperty("flows").GetInt64()));

        var client = listed.Keys.First();
        Assert.Equal(1, Flows(segment, "--client", client).GetProperty("flows").GetInt64());
        Assert.Equal(listed.Count,
            Flows(segment, "--client", "10.9.0.0/24", "--service", "echo", "--server", listed[client]!)
            .GetProperty("flows").GetInt64());
        Assert.Contains($"{client}:", Shell.Run(Command(segment, "--list")), StringComparison.Ordinal);
    }

    [Fact]
    public void An_unknown_server_service_client_or_director_is_named()
    {
        using var segment = new Segment(servers: 1);
        segment.Start();
        foreach (var (arguments, code, message) in new[]
        {
            (new[] { "--server", "web" }, 1, "no real server of that name or address. It has server1"),
            (["--service", "web"], 1, "no service of that name. It has echo"),
            (["--client", "client7"], 2, "neither an address nor a prefix"),
            (["--name", "another"], 1, "no director 'another' is pinned"),
        })
        {
            var result = Shell.Try(Command(segment, arguments));
            Assert.Equal((code, ""), (result.ExitCode, result.Output));
            Assert.Contains(message, result.Error, StringComparison.Ordinal);
        }
    }

    private static JsonElement Flows(Segment segment, params string[] more)
    {
        using var document = JsonDocument.Parse(Shell.Run(Command(segment, ["--json", .. more])));
        return document.RootElement.Clone();
    }

    private static string[] Command(Segment segment, params string[] more) => more.Contains("--name")
        ? [Repository.Executable("Sidestep.Cli", "sidestep"), "flows", "--pin-path", segment.File.PinPath, .. more]
        : [Repository.Executable("Sidestep.Cli", "sidestep"), "flows", "--name", segment.File.Name, "--pin-path",
            segment.File.PinPath, .. more];
}
