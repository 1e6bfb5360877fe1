using System.Net.ServerSentEvents;
using Microsoft.AspNetCore.Http;
using Sidestep.Api.Streams;
using Sidestep.Daemon.Api.Rest;

namespace Sidestep.Daemon.Api.Streams;

/// <summary>Sends server-sent events (the HTML standard, section 9.2) about revisions, events, alarms and
/// counters.</summary>
/// <param name="source">Makes the items.</param>
/// <param name="threads">Knows when the daemon stops.</param>
internal sealed class StreamHandler(StreamSource source, LongRequests threads)
{
    /// <summary>The parameter with the topics.</summary>
    internal const string Topics = "topics";

    /// <summary>The media type of the stream.</summary>
    internal const string MediaType = "text/event-stream";

    /// <summary>The most streams at once.</summary>
    internal const int Most = 32;

    private int _running;

    internal async Task SendAsync(HttpContext context)
    {
        QueryParameters.RequireKnown(context, Topics);
        var topics = TopicsOf(context);
        if (Interlocked.Increment(ref _running) > Most)
        {
            Interlocked.Decrement(ref _running);
            throw new HttpStatusException(StatusCodes.Status503ServiceUnavailable, "busy",
                $"{Most} streams are running, which is the limit: close one");
        }
        try
        {
            using var ends = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, threads.Stopping);
            context.Response.ContentType = MediaType;
            // The client hears at once that the stream has started, not with its first item.
            await context.Response.Body.FlushAsync(ends.Token).ConfigureAwait(false);
            await SseFormatter.WriteAsync(source.ReadAsync(topics, ends.Token), context.Response.Body, ends.Token)
                .ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // The client is gone, or the daemon stops.
        }
        finally
        {
            Interlocked.Decrement(ref _running);
        }
    }

    private static HashSet<string> TopicsOf(HttpContext context)
    {
        string[] topics = QueryParameters.Text(context, Topics) is { } text
            ? text.Split(',', StringSplitOptions.TrimEntries) : [.. StreamTopics.All];
        return topics.FirstOrDefault(static t => !StreamTopics.All.Contains(t)) is { } unknown
            ? throw QueryParameters.Wrong($"{Topics}: '{unknown}' is not a topic: they are "
                + string.Join(", ", StreamTopics.All))
            : [.. topics];
    }
}
