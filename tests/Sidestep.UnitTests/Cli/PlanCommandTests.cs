using System.CommandLine;
using System.Net;
using System.Text.Json.Nodes;
using Sidestep.Api.Status;
using Sidestep.Cli;
using Sidestep.Cli.Commands;
using Sidestep.Forwarding;
using Sidestep.Forwarding.Plans;
using Sidestep.Model;

namespace Sidestep.UnitTests.Cli;

/// <summary><c>sidestep plan</c> as a user meets it: a file against what runs.</summary>
public sealed class PlanCommandTests : IDisposable
{
    private const string RunningYaml = """
        node:
          interfaces: [{ name: eth0 }]
        group:
          hashKey: 5f1d3c0e8a7b46925d20c9e4b6a1f873
        pools:
          - name: web
            servers:
              - { name: web1, address: 10.0.0.11 }
              - { name: web2, address: 10.0.0.12 }
        virtualServices:
          - { name: www, vip: 203.0.113.10, protocol: tcp, port: 80, pool: web }
        """;

    private readonly string _file = Path.GetTempFileName();

    public void Dispose() => File.Delete(_file);

    [Fact]
    public void Plan_is_empty_when_the_file_matches_the_running_state()
    {
        var (code, output, error) = Run(RunningYaml, Running);
        Assert.Equal((ExitCode.Ok, "director: nothing changes", ""), (code, output.Trim(), error));
    }

    [Fact]
    public void Deleting_a_server_is_warned_about()
    {
        var (code, output, _) = Run(RunningYaml.Replace("      - { name: web2, address: 10.0.0.12 }\n", "",
            StringComparison.Ordinal), Running);
        Assert.Equal(ExitCode.Ok, code);
        Assert.Contains(
            "warning: web/ipip: web2 (10.0.0.12) is deleted while it has 8190 slots and 7 tracked flows",
                output.ReplaceLineEndings(" "), StringComparison.Ordinal);
        Assert.Contains("tracked flows: 7 stay, 0 move, 7 break", output.ReplaceLineEndings(" "),
            StringComparison.Ordinal);
    }

    [Fact]
    public void Json_output_contains_the_whole_plan()
    {
        var (code, output, _) = Run(RunningYaml.Replace("10.0.0.12 }", "10.0.0.12, weight: 3 }",
            StringComparison.Ordinal), Running, "--json");
        var json = JsonNode.Parse(output)!;
        Assert.Equal(ExitCode.Ok, code);
        Assert.True((bool)json["changes"]!);
        Assert.InRange((double)json["movedShare"]!, 0.25, 0.27);
        Assert.Equal(14, (int)json["flows"]!["stay"]!);
        Assert.Equal(("changed", "weight 1", "weight 3"), (
            (string)json["pools"]![0]!["servers"]![1]!["change"]!,
                (string)json["pools"]![0]!["servers"]![1]!["before"]!,
                    (string)json["pools"]![0]!["servers"]![1]!["after"]!));
    }

    [Fact]
    public void Invalid_file_has_no_plan()
    {
        var (code, output, error) = Run(RunningYaml.Replace("port: 80", "port: 70000", StringComparison.Ordinal),
            Running);
        Assert.Equal((ExitCode.Failed, ""), (code, output));
        Assert.Contains("70000", error, StringComparison.Ordinal);
    }

    [Fact]
    public void Plan_without_a_running_director_fails()
    {
        var (code, _, error) = Run(RunningYaml, static _ => null);
        Assert.Equal(ExitCode.Failed, code);
        Assert.StartsWith(
            "error: no director 'director' is pinned under /sys/fs/bpf/sidestep: there is nothing to compare the file "
            + "with.", error, StringComparison.Ordinal);
    }

    [Fact]
    public void Unreadable_running_state_is_reported() =>
        Assert.Equal((ExitCode.Unusable, "", "error: not allowed\n"),
            Run(RunningYaml, static _ => throw new EngineException("not allowed")));

    private (int Code, string Output, string Error) Run(string yaml, Func<NodeSettings, RunningState?> read,
        params string[] arguments)
    {
        File.WriteAllText(_file, yaml);
        using var output = new StringWriter { NewLine = "\n" };
        using var error = new StringWriter { NewLine = "\n" };
        var command = PlanCommand.Create((_, proposed, _) => read(proposed.Node) is { } running
            ? PlanRecords.Of(Planner.Of(running, proposed, DateTimeOffset.UtcNow), "director", StatusSource.Daemon)
            : null);
        var code = new RootCommand { command }.Parse(["plan", _file, "--offline", .. arguments])
            .Invoke(new InvocationConfiguration { Output = output, Error = error });
        return (code, output.ToString(), error.ToString());
    }

    /// <summary>The director runs <see cref="RunningYaml"/>, and every server has 7 tracked flows.</summary>
    private static RunningState Running(NodeSettings director)
    {
        var lan = new EgressInterface(1, "eth0", new(2), IPAddress.Parse("10.0.0.1"), 1500);
        var configuration = ConfigurationReader.Read(RunningYaml, null).Configuration!;
        var hops = configuration.Pools[0].Servers.ToDictionary(static s => s.VrfAddress, _ => new NextHop(lan, new(3)));
        var tables = TableCompiler.Compile(configuration,
            new NextHops([lan], hops, new Dictionary<VrfAddress, string>()));
        return new RunningState(
            new RunningGroups(tables.HashKey, tables.Groups),
            [.. tables.Services.Zip(EffectivePorts.Of(tables))
                .Select(static s => new RunningService(s.First.Key, s.First.Group, s.Second))],
            new FlowCounts(tables.Groups[0].Servers.ToDictionary(s =>
                new ServerKey(tables.Groups[0].Key, s.Name, s.VrfAddress), static _ => 7L)),
            new HashSet<VrfAddress>());
    }
}
