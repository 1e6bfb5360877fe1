using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Sidestep.SystemTests.Daemon;

/// <summary>Many clients that change the configuration at once lose no update, and delay neither probes nor
/// packets.</summary>
public sealed class ConcurrentClientsTests : IDisposable
{
    private const int Clients = 200;

    private readonly Segment _segment = new();

    [Theory]
    [InlineData(3)]
    [LongInlineData(60)]
    public async Task Changes_of_200_clients_are_all_there(int seconds)
    {
        _segment.File = _segment.File with
        {
            PoolLines = "monitors: [ echo ]",
            Monitors = ["name: echo, type: udp, send: x, interval: 0.5, timeout: 0.4"],
        };
        _segment.StartWithStore();
        using (var first = _segment.Send())
            first.WaitUntilAllAnswered(); // The servers are up.
        using var traffic = _segment.Send();
        await _segment.WaitForApiAsync();

        var counts = await Task.WhenAll(Enumerable.Range(0, Clients)
            .Select(client => ChangeAsync(client, TimeSpan.FromSeconds(seconds))));

        using var http = _segment.Http();
        using var pool = JsonDocument.Parse(await http.GetStringAsync(new Uri("http://director/api/v1/pools/pool"),
            Cancellation));
        // All clients count in the same annotation, each reading and writing it with the tag.
        Assert.Equal(counts.Sum().ToString(CultureInfo.InvariantCulture),
            pool.RootElement.GetProperty("annotations").GetProperty("count").GetString());
        Assert.True(counts.Sum() > seconds, $"only {counts.Sum()} changes");
        using var revisions = JsonDocument.Parse(await http.GetStringAsync(
            new Uri("http://director/api/v1/revisions"), Cancellation));
        Assert.Equal(1 + counts.Sum(), revisions.RootElement.GetProperty("revisions").EnumerateArray().Last()
            .GetProperty("number").GetInt64());

        ExchangeAssert.AllAnswered(traffic.Stop());
        var health = _segment.Status().GetProperty("health");
        Assert.Equal(0, health.GetProperty("probes").GetProperty("skipped").GetInt64());
        TestContext.Current.SendDiagnosticMessage(
            $"{counts.Sum()} changes in {seconds} s; probes {health.GetProperty("probes")}");
    }

    public void Dispose() => _segment.Dispose();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>Adds one to the count as often as it can.</summary>
    /// <returns>The number of accepted changes.</returns>
    private async Task<int> ChangeAsync(int client, TimeSpan duration)
    {
        using var http = _segment.Http();
        var start = Stopwatch.GetTimestamp();
        int accepted = 0;
        while (Stopwatch.GetElapsedTime(start) < duration)
        {
            using var read = await http.GetAsync(new Uri("http://director/api/v1/pools/pool"), Cancellation);
            using var pool = JsonDocument.Parse(await read.Content.ReadAsStringAsync(Cancellation));
            int count = pool.RootElement.TryGetProperty("annotations", out var annotations)
                ? int.Parse(annotations.GetProperty("count").GetString()!, CultureInfo.InvariantCulture) : 0;
            using var change = new HttpRequestMessage(HttpMethod.Patch,
                $"http://director/api/v1/pools/pool?reason=client%20{client}");
            change.Headers.IfMatch.Add(read.Headers.ETag!);
            change.Content = new StringContent(string.Create(CultureInfo.InvariantCulture,
                $$"""{ "annotations": { "count": "{{count + 1}}" } }"""), Encoding.UTF8,
                "application/merge-patch+json");
            using var response = await http.SendAsync(change, Cancellation);
            if (response.IsSuccessStatusCode)
                accepted++;
            else
                Assert.Equal(412, (int)response.StatusCode);
        }
        return accepted;
    }
}
