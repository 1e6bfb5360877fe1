namespace Sidestep.Control.Stores.Revisions;

/// <summary>Who changes the configuration, and why.</summary>
/// <param name="Author">Who: <c>root (uid 0)</c>, for example.</param>
/// <param name="Reason">Why, in the author's words; null: not said.</param>
/// <param name="RollbackTo">The revision whose configuration the change restores; null: it is no rollback.</param>
public sealed record RevisionNote(string Author, string? Reason = null, long? RollbackTo = null);

/// <summary>A revision of the configuration that was accepted and stored.</summary>
/// <param name="Number">From 1, ascending, over restarts of the daemon. No number is used twice.</param>
/// <param name="Time">When it was accepted, in UTC.</param>
/// <param name="Author">Who made it.</param>
/// <param name="Reason">Why; null: not said.</param>
/// <param name="RollbackTo">The revision whose configuration it restores; null: it is no rollback.</param>
public sealed record StoredRevision(long Number, DateTimeOffset Time, string Author, string? Reason, long? RollbackTo);
