using System.Net.ServerSentEvents;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using Sidestep.Api.Status;

namespace Sidestep.UnitTests.Daemon.Api.Rest;

public sealed class StreamOfEventsTests() : RestTests(TestDirector.Yaml)
{
    [Fact(Timeout = 20_000)]
    public async Task Changes_alarms_events_and_counters_are_sent_as_they_happen()
    {
        IReadOnlyList<string> degraded = ["eth1 is gone"];
        Rest.Status = () => Cli.TestDirector.Full with
        {
            Daemon = new DaemonStatus { Running = true, Degraded = [.. Volatile.Read(ref degraded)] },
        };
        using var response = await Http.GetAsync(new Uri("/api/v1/stream", UriKind.Relative),
            HttpCompletionOption.ResponseHeadersRead, Cancellation);
        Assert.Equal("text/event-stream", response.Content.Headers.ContentType!.MediaType);
        await using var items = SseParser.Create(await response.Content.ReadAsStreamAsync(Cancellation))
            .EnumerateAsync(Cancellation).GetAsyncEnumerator(Cancellation);

        var first = await NextAsync("alarm");
        Assert.Equal(("eth1 is gone", true), (first.GetProperty("text").GetString(),
            first.GetProperty("isActive").GetBoolean()));
        Assert.Equal(Cli.TestDirector.Full.Services.Length,
            (await NextAsync("counters")).GetProperty("services").GetArrayLength());

        Volatile.Write(ref degraded, []);
        Rest.Events.CreateLogger("test").Log(LogLevel.Warning, 7, "something else", null, static (text, _) => text);
        await PutAsync("access-lists/new?reason=why", "{}");
        var found = new Dictionary<string, JsonElement>();
        while (found.Count < 3)
        {
            Assert.True(await items.MoveNextAsync());
            if (items.Current.EventType != "counters")
                found[items.Current.EventType] = JsonDocument.Parse(items.Current.Data).RootElement;
        }
        Assert.Equal(("eth1 is gone", false), (found["alarm"].GetProperty("text").GetString(),
            found["alarm"].GetProperty("isActive").GetBoolean()));
        Assert.Equal("something else", found["event"].GetProperty("message").GetString());
        Assert.Equal((2, "why"), (found["revision"].GetProperty("number").GetInt32(),
            found["revision"].GetProperty("reason").GetString()));

        async Task<JsonElement> NextAsync(string topic)
        {
            Assert.True(await items.MoveNextAsync());
            Assert.Equal(topic, items.Current.EventType);
            return JsonDocument.Parse(items.Current.Data).RootElement;
        }
    }

    [Fact]
    public async Task Topic_that_does_not_exist_is_an_error() => Assert.Equal(
        "topics: 'x' is not a topic: they are revision, event, alarm, counters",
        (await GetAsync("stream?topics=event,x")).Problem(400, "bad request"));

    [Fact(Timeout = 20_000)]
    public async Task Streams_beyond_the_limit_are_rejected_until_one_ends()
    {
        var streams = new List<HttpResponseMessage>();
        for (int i = 0; i < 32; i++)
        {
            streams.Add(await Http.GetAsync(new Uri("/api/v1/stream?topics=revision", UriKind.Relative),
                HttpCompletionOption.ResponseHeadersRead, Cancellation));
        }
        Assert.Equal("32 streams are running, which is the limit: close one",
            (await GetAsync("stream")).Problem(503, "busy"));
        streams.ForEach(static s => s.Dispose());
        while ((await GetHeadersAsync()) == 503)
            await Task.Delay(10, Cancellation);

        async Task<int> GetHeadersAsync()
        {
            using var response = await Http.GetAsync(new Uri("/api/v1/stream", UriKind.Relative),
                HttpCompletionOption.ResponseHeadersRead, Cancellation);
            return (int)response.StatusCode;
        }
    }
}
