using Sidestep.Api.Configurations;
using Sidestep.Control.Stores;

namespace Sidestep.Daemon;

/// <summary>The report of the revisions of a store.</summary>
internal static class StoredRevisions
{
    /// <summary>All revisions that are stored. Revisions that are not accepted are not stored.</summary>
    internal static RevisionsReport Of(string director, IWritableConfigStore store)
    {
        var revisions = store.Revisions;
        return new RevisionsReport(director, revisions is [var first, ..] ? first.Number - 1 : 0,
        [
            .. revisions.Select(r => new RevisionRecord(r.Number, store.Origin, r.Time, RevisionOutcome.Accepted, [])
            {
                Author = r.Author,
                Reason = r.Reason,
                RollbackTo = r.RollbackTo,
            }),
        ]);
    }
}
