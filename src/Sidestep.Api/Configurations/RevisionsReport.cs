using System.Collections.Immutable;
using System.Text.Json.Serialization;
using Sidestep.Api.Plans;

namespace Sidestep.Api.Configurations;

/// <summary>The latest revisions of the configuration: the output of <c>sidestep history --json</c>.
/// docs/revisions.schema.json is its JSON Schema.</summary>
/// <param name="Director">Name of the director, from its configuration.</param>
/// <param name="Evicted">Number of older revisions that are no longer there.</param>
/// <param name="Revisions">With a file, the revisions since the start of the daemon; with a store, all stored ones. The
/// newest is last.</param>
public sealed record RevisionsReport(string Director, long Evicted, ImmutableArray<RevisionRecord> Revisions);

/// <summary>A revision of the configuration, and what the daemon did with it.</summary>
/// <param name="Number">Its number: with a file, from 1 at the start of the daemon. A number is missing if the
/// configuration changed again before the daemon had read it.</param>
/// <param name="Origin">Where it comes from: the absolute path of the file, or of the folder of the store.</param>
/// <param name="Time">When the daemon read or accepted it, in UTC.</param>
/// <param name="Outcome">What the daemon did with it.</param>
/// <param name="Errors">Why the daemon rejected it, in the words of <c>sidestep config check</c>; empty: it was
/// accepted.</param>
public sealed record RevisionRecord(long Number, string Origin, DateTimeOffset Time, RevisionOutcome Outcome,
    ImmutableArray<string> Errors)
{
    /// <summary>Who made it; null: it comes from a file.</summary>
    public string? Author { get; init; }

    /// <summary>Why, in the author's words; null: not said.</summary>
    public string? Reason { get; init; }

    /// <summary>The revision whose configuration it restores; null: it is no rollback.</summary>
    public long? RollbackTo { get; init; }
}

/// <summary>What the daemon does with a revision.</summary>
public enum RevisionOutcome
{
    /// <summary>It takes effect.</summary>
    Accepted,

    /// <summary>It has errors, or the engine that runs cannot apply it. The daemon keeps the previous one.</summary>
    Rejected,
}

/// <summary>What a change of the configuration has done, or would do.</summary>
/// <param name="Revision">The newest revision afterwards.</param>
/// <param name="Changed">True if the configuration differs from the one before.</param>
/// <param name="Values">The values that differ, at most <see cref="MostValues"/>.</param>
/// <param name="Warnings">What works but is probably not intended.</param>
public sealed record ChangeReport(long Revision, bool Changed, ImmutableArray<ValueChange> Values,
    ImmutableArray<IssueRecord> Warnings)
{
    /// <summary>The most values that a report lists.</summary>
    public const int MostValues = 1000;

    /// <summary>The number of values that differ and are not listed.</summary>
    public int OmittedValues { get; init; }

    /// <summary>True: the change is in force. False: it is stored, but the director cannot apply it; its status says
    /// why. Null: nothing was stored, or it was not tried within ten seconds.</summary>
    public bool? InForce { get; init; }

    /// <summary>With <c>dryRun=true</c>: what would happen to services, servers and flows. Null: the change was
    /// made.</summary>
    public PlanReport? Plan { get; init; }
}

/// <summary>A value that differs between two configurations.</summary>
/// <param name="Path">Where: <c>pools[web].servers[web1].weight</c>.</param>
/// <param name="Before">The value before, as JSON text; null: the default applied.</param>
/// <param name="After">The value after, as JSON text; null: the default applies.</param>
public sealed record ValueChange(string Path,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] string? Before,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] string? After);

/// <summary>The difference between two revisions.</summary>
/// <param name="Before">Number of the one.</param>
/// <param name="After">Number of the other.</param>
/// <param name="Values">The values that differ.</param>
public sealed record RevisionDifference(long Before, long After, ImmutableArray<ValueChange> Values);
