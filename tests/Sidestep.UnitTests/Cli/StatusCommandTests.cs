using System.Text.Json.Nodes;
using Sidestep.Cli;
using Sidestep.Cli.Commands;
using Sidestep.Forwarding;

namespace Sidestep.UnitTests.Cli;

public sealed class StatusCommandTests
{
    [Fact]
    public void Status_of_a_forwarding_director_succeeds()
    {
        var (code, output, error) = CommandRun.Of(StatusCommand.Create(static _ => TestDirector.Status));
        Assert.Equal((ExitCode.Ok, ""), (code, error));
        Assert.StartsWith("edge1: on eth0 (native)", output, StringComparison.Ordinal);
    }

    [Fact]
    public void Status_of_a_detached_director_fails()
    {
        var detached = TestDirector.Status with { Interfaces = [] };
        var (code, output, error) = CommandRun.Of(StatusCommand.Create(_ => detached), "--json");
        Assert.Equal((ExitCode.Failed, ""), (code, error));
        Assert.Empty(JsonNode.Parse(output)!["interfaces"]!.AsArray());
    }

    [Fact]
    public void Missing_director_is_named_with_its_pin_path()
    {
        var (code, output, error) = CommandRun.Of(StatusCommand.Create(static _ => null), "--name", "edge9",
            "--pin-path", "/x");
        Assert.Equal((ExitCode.Failed, ""), (code, output));
        Assert.Equal("error: no director 'edge9' is pinned under /x. Start sidestepd, or select another director with "
            + "--config, --name and --pin-path.\n", error);
    }

    [Fact]
    public void Unreadable_director_is_unusable() =>
        Assert.Equal(new CommandRun(ExitCode.Unusable, "", "error: not allowed\n"),
            CommandRun.Of(StatusCommand.Create(static _ => throw new EngineException("not allowed"))));

    [Fact]
    public void Director_is_selected_by_name_and_pin_path_with_defaults()
    {
        List<DirectorTarget> selected = [];
        var command = StatusCommand.Create(d =>
        {
            selected.Add(d);
            return null;
        });
        CommandRun.Of(command);
        CommandRun.Of(command, "--name", "edge1");
        Assert.Equal([("director", "/sys/fs/bpf/sidestep"), ("edge1", "/sys/fs/bpf/sidestep")],
            selected.Select(static d => (d.Name, d.PinPath)));
    }
}
