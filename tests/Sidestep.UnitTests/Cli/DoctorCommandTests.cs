using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Sidestep.Api;
using Sidestep.Cli;
using Sidestep.Cli.Commands;
using Sidestep.UnitTests.Api;

namespace Sidestep.UnitTests.Cli;

/// <summary><c>sidestep doctor</c> with a director behind a Unix socket.</summary>
public sealed class DoctorCommandTests
{
    [Fact]
    public async Task Command_succeeds_when_nothing_is_wrong()
    {
        await using var director = await LocalDirector.StartAsync(static _ => Results.Json(DoctorTextTests.Healthy,
            ApiJson.Default.DoctorReport));
        var run = Run(director);
        Assert.Equal((ExitCode.Ok, ""), (run.Code, run.Error));
        Assert.StartsWith("edge1: found nothing wrong", run.Output, StringComparison.Ordinal);
        Assert.Equal(["POST /api/v1/diagnoses {}"], director.Requests);
    }

    [Fact]
    public async Task Command_fails_when_something_is_wrong()
    {
        await using var director = await LocalDirector.StartAsync(static _ => Results.Json(DoctorTextTests.Sick,
            ApiJson.Default.DoctorReport));
        var run = Run(director, "--json", "--service", "www");
        Assert.Equal((ExitCode.Failed, ""), (run.Code, run.Error));
        Assert.Equal("vip-missing", (string)JsonNode.Parse(run.Output)!["diagnoses"]![0]!["name"]!);
        Assert.Equal(["""POST /api/v1/diagnoses {"service":"www"}"""], director.Requests);
    }

    [Fact]
    public async Task Rejection_by_the_director_is_unusable_with_its_reason()
    {
        await using var director = await LocalDirector.StartAsync(static _ =>
            LocalDirector.Problem(404, "No such service",
            "there is no service 'wwww'"));
        Assert.Equal(
            new CommandRun(ExitCode.Unusable, "",
                $"error: {director.SocketPath} rejected the request: No such service: there is no service 'wwww'\n"),
            Run(director));
    }

    [Fact]
    public void Director_that_does_not_run_is_named()
    {
        var name = $"none-{Guid.NewGuid():N}";
        var command = DoctorCommand.Create(static _ => DirectorClient.OnThisMachine("/nowhere/director.sock"));
        var run = CommandRun.Of(command, "--name", name);
        Assert.Equal((ExitCode.Unusable, ""), (run.Code, run.Output));
        var lines = run.Error.Split('\n');
        Assert.StartsWith("error: /nowhere/director.sock cannot be reached: ", lines[0], StringComparison.Ordinal);
        Assert.Equal(
            $"No sidestepd runs for the director '{name}' on this machine: start it, or select another director "
            + "with --config, --name and --pin-path.", lines[1]);
    }

    private static CommandRun Run(LocalDirector director, params string[] arguments) =>
        CommandRun.Of(DoctorCommand.Create(_ => DirectorClient.OnThisMachine(director.SocketPath)), arguments);
}
