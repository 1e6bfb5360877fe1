using System.Collections.Immutable;

namespace Sidestep.Api.Events;

/// <summary>The latest events of a daemon: the output of <c>sidestep events --json</c>. docs/events.schema.json is its
/// JSON Schema.</summary>
/// <param name="Director">Name of the director, from its configuration.</param>
/// <param name="Evicted">Number of older events that the daemon no longer keeps.</param>
/// <param name="Events">The events, the newest last.</param>
public sealed record EventsReport(string Director, long Evicted, ImmutableArray<EventRecord> Events);

/// <summary>An event that the daemon logged.</summary>
/// <param name="Id">Its number in docs/log-events.md.</param>
/// <param name="Name">Its name; empty: it has none.</param>
/// <param name="Level">Its level.</param>
/// <param name="Time">When it happened, in UTC.</param>
/// <param name="Message">Its text.</param>
public sealed record EventRecord(int Id, string Name, EventLevel Level, DateTimeOffset Time, string Message);

/// <summary>The level of an event.</summary>
public enum EventLevel
{
    /// <summary>Details for developers.</summary>
    Debug,

    /// <summary>A normal event.</summary>
    Information,

    /// <summary>A problem that does not stop forwarding.</summary>
    Warning,

    /// <summary>An action failed.</summary>
    Error,

    /// <summary>The daemon cannot run.</summary>
    Critical,
}
