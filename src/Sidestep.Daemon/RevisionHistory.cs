using System.Collections.Immutable;
using Sidestep.Api.Configurations;

namespace Sidestep.Daemon;

/// <summary>Keeps the latest revisions of the configuration for <c>sidestep history</c>. Safe for
/// threads.</summary>
/// <param name="time">The clock of the time stamps.</param>
internal sealed class RevisionHistory(TimeProvider time)
{
    /// <summary>The most revisions that are kept.</summary>
    internal const int Capacity = 100;

    private readonly BoundedHistory<RevisionRecord> _revisions = new(Capacity);

    /// <summary>The kept revisions, the newest last.</summary>
    internal RevisionsReport Read(string director)
    {
        var (revisions, evicted) = _revisions.Read();
        return new RevisionsReport(director, evicted, [.. revisions]);
    }

    /// <summary>Adds a revision.</summary>
    /// <param name="number">Its number in the store.</param>
    /// <param name="origin">Where it comes from.</param>
    /// <param name="errors">Why the daemon rejected it; empty: it accepted it.</param>
    internal void Add(long number, string origin, ImmutableArray<string> errors) =>
        _revisions.Add(new RevisionRecord(number, origin, time.GetUtcNow(),
            errors.IsEmpty ? RevisionOutcome.Accepted : RevisionOutcome.Rejected, errors));
}
