using System.Text.Json.Nodes;
using Sidestep.Api.Events;
using Sidestep.Cli;
using Sidestep.Cli.Commands;
using Sidestep.Forwarding;

namespace Sidestep.UnitTests.Cli;

public sealed class EventsCommandTests
{
    private static readonly EventsReport Report = new("edge1", 3,
    [
        new EventRecord(403, "RequestFailed", EventLevel.Error, TestDirector.AppliedAt, "GET / failed"),
    ]);

    [Fact]
    public void Event_is_a_line_with_time_level_number_and_text() => Assert.Equal(
        ["3 earlier events are only in the log", "2026-03-01T12:00:00.000Z error [403] GET / failed"],
        CommandRun.Of(EventsCommand.Create(static _ => Report)).Lines);

    [Fact]
    public void Json_has_the_same_events()
    {
        var json = JsonNode.Parse(CommandRun.Of(EventsCommand.Create(static _ => Report), "--json").Output)!;
        Assert.Equal(("edge1", 3, "error"), ((string)json["director"]!, (int)json["evicted"]!,
            (string)json["events"]![0]!["level"]!));
    }

    [Fact]
    public void Missing_daemon_fails_and_one_that_does_not_respond_is_unusable()
    {
        var missing = CommandRun.Of(EventsCommand.Create(static _ => null));
        Assert.Equal(ExitCode.Failed, missing.Code);
        Assert.StartsWith("error: no sidestepd runs for the director 'director'", missing.Error,
            StringComparison.Ordinal);
        Assert.Equal(new CommandRun(ExitCode.Unusable, "", "error: no answer\n"),
            CommandRun.Of(EventsCommand.Create(static _ => throw new EngineException("no answer"))));
    }
}
