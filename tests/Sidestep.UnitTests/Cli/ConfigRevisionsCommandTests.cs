using System.Text.Json.Nodes;
using Sidestep.Api.Configurations;
using Sidestep.Cli;
using Sidestep.Cli.Commands;

namespace Sidestep.UnitTests.Cli;

public sealed class ConfigRevisionsCommandTests
{
    private static readonly RevisionsReport Report = new("edge1", 3,
    [
        new RevisionRecord(4, "/etc/sidestep.yaml", TestDirector.AppliedAt, RevisionOutcome.Accepted, []),
        new RevisionRecord(5, "/etc/sidestep.yaml", TestDirector.AppliedAt, RevisionOutcome.Rejected,
            ["/etc/sidestep.yaml:3:5: error: node.name: E: no"]),
    ]);

    [Fact]
    public void Revision_is_a_line_and_its_errors_stand_below() => Assert.Equal(
        [
            "3 earlier revisions are only in the log",
            "4 2026-03-01T12:00:00.000Z accepted /etc/sidestep.yaml",
            "5 2026-03-01T12:00:00.000Z rejected /etc/sidestep.yaml",
            "/etc/sidestep.yaml:3:5: error: node.name: E: no",
        ],
        CommandRun.Of(ConfigRevisionsCommand.Create(static _ => Report)).Lines);

    [Fact]
    public void Json_has_the_same_revisions()
    {
        var json = JsonNode.Parse(CommandRun.Of(ConfigRevisionsCommand.Create(static _ => Report), "--json").Output)!;
        Assert.Equal((5, "rejected", "/etc/sidestep.yaml:3:5: error: node.name: E: no"),
            ((int)json["revisions"]![1]!["number"]!, (string)json["revisions"]![1]!["outcome"]!,
                (string)json["revisions"]![1]!["errors"]![0]!));
    }

    [Fact]
    public void Missing_daemon_fails() => Assert.Equal(ExitCode.Failed,
        CommandRun.Of(ConfigRevisionsCommand.Create(static _ => null)).Code);
}
