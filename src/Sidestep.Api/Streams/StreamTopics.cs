namespace Sidestep.Api.Streams;

/// <summary>Topics are the event types of the stream of server-sent events.</summary>
public static class StreamTopics
{
    /// <summary>A new revision of the configuration, as
    /// <see cref="Configurations.RevisionRecord"/>.</summary>
    public const string Revision = "revision";

    /// <summary>A new event of the log, as <see cref="Events.EventRecord"/>.</summary>
    public const string Event = "event";

    /// <summary>A problem or an alarm that begins or ends, as <see cref="AlarmRecord"/>.</summary>
    public const string Alarm = "alarm";

    /// <summary>Counters, once a second, as <see cref="CountersRecord"/>.</summary>
    public const string Counters = "counters";

    /// <summary>All topics.</summary>
    public static IReadOnlyList<string> All { get; } = [Revision, Event, Alarm, Counters];
}
