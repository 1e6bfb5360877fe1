using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Sidestep.Api;
using Sidestep.Api.Configurations;
using Sidestep.Api.Events;
using Sidestep.Api.Status;
using Sidestep.Api.Streams;

namespace Sidestep.Daemon.Api.Streams;

/// <summary>Makes the items of one stream, by comparing what it reads with what it has sent. So a client that reads
/// slowly costs the daemon nothing, and gets the newest state.</summary>
/// <param name="status">Reads the status.</param>
/// <param name="events">Reads the latest events.</param>
/// <param name="revisions">Reads the latest revisions.</param>
/// <param name="time">The clock.</param>
internal sealed class StreamSource(Func<DirectorStatus> status, Func<EventsReport> events,
    Func<RevisionsReport> revisions, TimeProvider time)
{
    /// <summary>How often the source is read.</summary>
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    /// <summary>After so many intervals without an item, an item without a topic shows that the stream is
    /// alive.</summary>
    private const int SilentIntervals = 15;

    /// <summary>The items of a stream, until cancelled. It begins with the alarms that are active.</summary>
    /// <param name="topics">Which topics of <see cref="StreamTopics"/>.</param>
    /// <param name="cancellation">Ends the stream.</param>
    internal async IAsyncEnumerable<SseItem<string>> ReadAsync(IReadOnlySet<string> topics,
        [EnumeratorCancellation] CancellationToken cancellation)
    {
        long nextEvent = NumberOfNext(events()), lastRevision = LastNumber(revisions());
        HashSet<string> alarms = [];
        int silent = 0;
        using var timer = new PeriodicTimer(Interval, time);
        do
        {
            bool isSilent = true;
            if (topics.Contains(StreamTopics.Event))
            {
                foreach (var item in NewEvents(ref nextEvent))
                {
                    yield return item;
                    isSilent = false;
                }
            }
            if (topics.Contains(StreamTopics.Revision))
            {
                foreach (var item in NewRevisions(ref lastRevision))
                {
                    yield return item;
                    isSilent = false;
                }
            }
            if (topics.Contains(StreamTopics.Alarm) || topics.Contains(StreamTopics.Counters))
            {
                foreach (var item in OfStatus(topics, alarms))
                {
                    yield return item;
                    isSilent = false;
                }
            }
            silent = isSilent ? silent + 1 : 0;
            if (silent == SilentIntervals)
            {
                silent = 0;
                yield return new SseItem<string>("{}", "alive");
            }
        }
        while (await timer.WaitForNextTickAsync(cancellation).ConfigureAwait(false));
    }

    private List<SseItem<string>> NewEvents(ref long next)
    {
        var report = events();
        var items = new List<SseItem<string>>();
        for (long number = Math.Max(next, report.Evicted); number < NumberOfNext(report); number++)
        {
            items.Add(Item(StreamTopics.Event, report.Events[(int)(number - report.Evicted)],
                ApiJson.Default.EventRecord));
        }
        next = NumberOfNext(report);
        return items;
    }

    private List<SseItem<string>> NewRevisions(ref long last)
    {
        var report = revisions();
        long known = last;
        last = LastNumber(report);
        return
        [
            .. report.Revisions.Where(r => r.Number > known)
                .Select(static r => Item(StreamTopics.Revision, r, ApiJson.Default.RevisionRecord)),
        ];
    }

    private List<SseItem<string>> OfStatus(IReadOnlySet<string> topics, HashSet<string> alarms)
    {
        var now = status();
        var items = new List<SseItem<string>>();
        if (topics.Contains(StreamTopics.Alarm))
        {
            HashSet<string> active =
                [.. now.Daemon.Errors, .. now.Daemon.Degraded, .. now.Daemon.Alarms, .. now.Daemon.Unresolved];
            items.AddRange(active.Except(alarms).Select(text => Alarm(text, true)));
            items.AddRange(alarms.Except(active).Select(text => Alarm(text, false)));
            alarms.Clear();
            alarms.UnionWith(active);
        }
        if (topics.Contains(StreamTopics.Counters))
        {
            items.Add(Item(StreamTopics.Counters, new CountersRecord(time.GetUtcNow(), now.Services, now.Drops),
                ApiJson.Default.CountersRecord));
        }
        return items;
    }

    private SseItem<string> Alarm(string text, bool isActive) => Item(StreamTopics.Alarm,
        new AlarmRecord(text, isActive, time.GetUtcNow()), ApiJson.Default.AlarmRecord);

    private static SseItem<string> Item<T>(string topic, T value, JsonTypeInfo<T> type) =>
        new(JsonSerializer.Serialize(value, type), topic);

    private static long NumberOfNext(EventsReport report) => report.Evicted + report.Events.Length;

    private static long LastNumber(RevisionsReport report) =>
        report.Revisions is [.., var last] ? last.Number : 0;
}
