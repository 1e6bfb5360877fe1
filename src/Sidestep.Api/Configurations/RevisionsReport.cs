using System.Collections.Immutable;

namespace Sidestep.Api.Configurations;

/// <summary>The latest revisions of the configuration: the output of <c>sidestep config revisions --json</c>.
/// docs/revisions.schema.json is its JSON Schema.</summary>
/// <param name="Director">Name of the director, from its configuration.</param>
/// <param name="Evicted">Number of older revisions that the daemon no longer keeps.</param>
/// <param name="Revisions">The revisions since the start of the daemon, the newest last.</param>
public sealed record RevisionsReport(string Director, long Evicted, ImmutableArray<RevisionRecord> Revisions);

/// <summary>A revision of the configuration, and what the daemon did with it.</summary>
/// <param name="Number">Its number, from 1 at the start of the daemon. A number is missing if the configuration changed
/// again before the daemon had read it.</param>
/// <param name="Origin">Where it comes from: the absolute path of a file.</param>
/// <param name="Time">When the daemon read it, in UTC.</param>
/// <param name="Outcome">What the daemon did with it.</param>
/// <param name="Errors">Why the daemon rejected it, in the words of <c>sidestep config check</c>; empty: it was
/// accepted.</param>
public sealed record RevisionRecord(long Number, string Origin, DateTimeOffset Time, RevisionOutcome Outcome,
    ImmutableArray<string> Errors);

/// <summary>What the daemon does with a revision.</summary>
public enum RevisionOutcome
{
    /// <summary>It takes effect.</summary>
    Accepted,

    /// <summary>It has errors, or the engine that runs cannot apply it. The daemon keeps the previous one.</summary>
    Rejected,
}
