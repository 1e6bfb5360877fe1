using System.Net;
using System.Text.Json.Nodes;
using Sidestep.Api.Flows;
using Sidestep.Api.Status;
using Sidestep.Cli;
using Sidestep.Cli.Commands;
using Sidestep.Forwarding;
using Sidestep.Forwarding.TrackedFlows;
using Sidestep.Model;

namespace Sidestep.UnitTests.Cli;

public sealed class FlowsCommandTests
{
    private static readonly ServerKey Web1 = new(TestDirector.Web, "web1", VrfAddress.Parse("10.0.0.11")),
        Web2 = new(TestDirector.Web, "web2", VrfAddress.Parse("10.0.0.12")),
        Ns1 = new(TestDirector.Names, "ns1", VrfAddress.Parse("2001:db8:2::22"));

    private static readonly FlowTableStatus Table = new(262_144, [Web1, Web2, Ns1],
        [ServiceKey.InDefault("www"), ServiceKey.InDefault("dns")]);

    private static readonly TrackedFlow[] Flows =
    [
        Tracked("www", "198.51.100.7", 40_000, Web1, idle: 1.26, age: 61),
        Tracked("www", "198.51.100.8", 40_001, Web1, idle: 30, age: 3700),
        Tracked("www", "203.0.113.200", 40_002, Web2, idle: 0, age: 90_061),
        new(ServiceKey.InDefault("dns"),
            new Flow(IPAddress.Parse("2001:db8::7"), IPAddress.Parse("2001:db8::53"), 17, 5353, 53), Ns1,
            TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(3)),
        new(ServiceKey.InDefault("dns"),
            new Flow(IPAddress.Parse("2001:db8::8"), IPAddress.Parse("2001:db8::53"), 50), Ns1,
            TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(3)),
    ];

    [Fact]
    public void Counts_are_listed_by_server()
    {
        var run = Run();
        Assert.Equal((ExitCode.Ok, ""), (run.Code, run.Error));
        Assert.Equal("director: tracked flows: 5 of 262144 possible", run.Lines[0]);
        Assert.Equal(
            [
                "ns1|names/gue:6081|2001:db8:2::22|2|00:00:03|00:00:02",
                "web1|web/l2|10.0.0.11|2|01:01:40|00:00:30",
                "web2|web/l2|10.0.0.12|1|1d 01:01:01|00:00:00",
            ],
            run.Lines[^3..].Select(static l => string.Join('|', CommandRun.Cells(l))));
    }

    [Fact]
    public void List_has_a_line_for_each_flow()
    {
        var run = Run("--list", "--service", "dns");
        Assert.Equal(
            [
                "service client VIP server idle age",
                "dns udp [2001:db8::7]:5353 [2001:db8::53]:53 ns1 00:00:02 00:00:03",
                "dns 50 2001:db8::8 2001:db8::53 ns1 00:00:02 00:00:03",
                "director: tracked flows: 2 of 262144 possible",
            ],
            run.Lines[..4].Select(static l => string.Join(' ', l.Split(' ', StringSplitOptions.RemoveEmptyEntries))));
    }

    [Theory]
    [InlineData(123, 2)]
    [InlineData(124, 1)]
    public void Flow_takes_two_lines_on_a_narrow_terminal(int width, int expected)
    {
        var text = CommandRun.TextOf(output => new FlowsText(output, width).Add(
            new FlowRecord("www", "tcp", IPAddress.Parse("198.51.100.7"), 40_000, IPAddress.Parse("203.0.113.10"), 80,
                "web1", Web1.Address.Address, "web", "l2", 1.3, 61)));
        var lines = text.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(2 * expected, lines.Length);
        Assert.All(lines, l => Assert.InRange(l.Length, 1, width));
        Assert.Equal("www tcp 198.51.100.7:40000 203.0.113.10:80 web1 00:00:01 00:01:01",
            string.Join(' ', string.Join(' ', lines[expected..]).Split(' ', StringSplitOptions.RemoveEmptyEntries)));
    }

    [Theory]
    [InlineData("--service www", 3)]
    [InlineData("--service dns", 2)]
    [InlineData("--server web1", 2)]
    [InlineData("--server 10.0.0.12", 1)]
    [InlineData("--client 198.51.100.7", 1)]
    [InlineData("--client 198.51.100.0/24", 2)]
    [InlineData("--client 2001:db8::/32", 2)]
    [InlineData("--client 198.51.100.0/24 --server web2", 0)]
    [InlineData("--service www --server web2 --client 203.0.113.200", 1)]
    public void Filter_selects_the_counted_flows(string arguments, int flows)
    {
        var run = Run(["--json", .. arguments.Split(' ')]);
        Assert.Equal((ExitCode.Ok, flows), (run.Code, (int)JsonNode.Parse(run.Output)!["flows"]!));
    }

    [Fact]
    public void Server_without_flows_is_listed_with_zero()
    {
        var servers = JsonNode.Parse(Run("--json", "--server", "web2", "--service",
            "dns").Output)!["servers"]!.AsArray();
        Assert.Equal(CommandRun.Compact("""
            {"name":"web2","pool":"web","encap":"l2","address":"10.0.0.12","flows":0,"oldestSeconds":0,
            "longestIdleSeconds":0}
            """), Assert.Single(servers)!.ToJsonString());
    }

    [Fact]
    public void Json_list_has_every_flow()
    {
        var json = JsonNode.Parse(Run("--json", "--list", "--server", "web1").Output)!;
        Assert.Equal(2, json["list"]!.AsArray().Count);
        Assert.Equal(CommandRun.Compact("""
            {"service":"www","protocol":"tcp","client":"198.51.100.7","clientPort":40000,"vip":"203.0.113.10",
            "vipPort":80,"server":"web1","address":"10.0.0.11","pool":"web","encap":"l2","idleSeconds":1.3,
            "ageSeconds":61}
            """), json["list"]![0]!.ToJsonString());
        Assert.Equal(("director", 2, 262_144),
            ((string)json["director"]!, (int)json["flows"]!, (int)json["capacity"]!));
    }

    [Fact]
    public void Json_without_flows_has_an_empty_list_only_if_it_was_requested()
    {
        Assert.Empty(JsonNode.Parse(Run("--json", "--list", "--client", "192.0.2.1").Output)!["list"]!.AsArray());
        Assert.Null(JsonNode.Parse(Run("--json", "--client", "192.0.2.1").Output)!["list"]);
    }

    [Theory]
    [InlineData("--service www2", "--service www2: the director has no service of that name. It has dns, www.")]
    [InlineData("--server web9",
        "--server web9: the director has no real server of that name or address. It has ns1, web1, web2.")]
    public void Unknown_name_fails_with_the_known_ones(string arguments, string error)
    {
        var run = Run(arguments.Split(' '));
        Assert.Equal((ExitCode.Failed, $"error: {error}\n"), (run.Code, run.Error));
    }

    [Fact]
    public void At_most_ten_known_names_are_listed()
    {
        var services = Enumerable.Range(10, 11).Select(static i => ServiceKey.InDefault($"s{i}"));
        var table = Table with { Services = [.. services] };
        var run = CommandRun.Of(FlowsCommand.Create(Reader(table)), "--service", "x");
        Assert.EndsWith("It has s10, s11, s12, s13, s14, s15, s16, s17, s18, s19, and more.\n", run.Error,
            StringComparison.Ordinal);
        Assert.EndsWith("It has none.\n",
            CommandRun.Of(FlowsCommand.Create(Reader(Table with { Services = [] })), "--service", "x").Error,
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("198.51.100.300")]
    [InlineData("198.51.100.7/33")]
    [InlineData("web1")]
    public void Client_must_be_an_address_or_a_prefix(string client) =>
        Assert.Equal(
            new CommandRun(ExitCode.Unusable, "",
                $"error: --client {client}: neither an address nor a prefix. Write, for "
                + "example, 198.51.100.7 or 198.51.100.0/24.\n"),
            Run("--client", client));

    [Fact]
    public void Missing_or_unreadable_director_is_reported()
    {
        var missing = CommandRun.Of(FlowsCommand.Create(static (_, _, _) => null));
        Assert.Equal(ExitCode.Failed, missing.Code);
        Assert.StartsWith("error: no director 'director' is pinned under", missing.Error, StringComparison.Ordinal);
        Assert.Equal(new CommandRun(ExitCode.Unusable, "", "error: not allowed\n"),
            CommandRun.Of(FlowsCommand.Create(static (_, _, _) => throw new EngineException("not allowed"))));
    }

    private static TrackedFlow Tracked(string service, string client, ushort port, ServerKey server, double idle,
        double age) =>
        new(ServiceKey.InDefault(service),
            new Flow(IPAddress.Parse(client), IPAddress.Parse("203.0.113.10"), 6, port, 80), server,
            TimeSpan.FromSeconds(idle), TimeSpan.FromSeconds(age));

    [Fact]
    public void Pinned_tables_are_noted_on_standard_error_and_in_the_json()
    {
        var run = CommandRun.Of(FlowsCommand.Create(Reader(Table, StatusSource.PinnedTables)), "--json");
        Assert.Equal((ExitCode.Ok, "pinned-tables"), (run.Code, (string)JsonNode.Parse(run.Output)!["source"]!));
        Assert.Equal("note: no sidestepd listens for the director 'director': its pinned tables were read\n",
            run.Error);
    }

    private static CommandRun Run(params string[] arguments) =>
        CommandRun.Of(FlowsCommand.Create(Reader(Table)), arguments);

    private static Func<DirectorTarget, FlowsRequest, Action<FlowRecord>, FlowsReport?> Reader(
        FlowTableStatus status, StatusSource source = StatusSource.Daemon) => (director, request, visit) =>
        {
            using var table = new ListedFlows(status, Flows);
            FlowsReader.Check(request, table);
            return FlowsReader.Read(request, director.Name, source, table, visit);
        };
}
