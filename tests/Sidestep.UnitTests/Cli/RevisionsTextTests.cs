using Sidestep.Api.Configurations;
using Sidestep.Cli;

namespace Sidestep.UnitTests.Cli;

public sealed class RevisionsTextTests
{
    private static readonly RevisionsReport Report = new("edge1", 3,
    [
        new RevisionRecord(4, "/etc/sidestep.yaml", TestDirector.AppliedAt, RevisionOutcome.Accepted, []),
        new RevisionRecord(5, "/etc/sidestep.yaml", TestDirector.AppliedAt, RevisionOutcome.Rejected,
            ["/etc/sidestep.yaml:3:5: error: node.name: E: no"]),
        new RevisionRecord(6, "/var/lib/sidestep", TestDirector.AppliedAt, RevisionOutcome.Accepted, [])
        {
            Author = "root (uid 0)",
            Reason = "worse",
            RollbackTo = 4,
        },
    ]);

    [Fact]
    public void Revision_is_a_line_and_its_errors_stand_below() => Assert.Equal(
        """
        3 earlier revisions are no longer there
        4 2026-03-01T12:00:00.000Z accepted /etc/sidestep.yaml
        5 2026-03-01T12:00:00.000Z rejected /etc/sidestep.yaml
          /etc/sidestep.yaml:3:5: error: node.name: E: no
        6 2026-03-01T12:00:00.000Z accepted root (uid 0), rollback to 4: worse

        """, CommandRun.TextOf(output => RevisionsText.Write(Report, output)));
}
