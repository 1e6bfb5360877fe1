using System.Net;
using Microsoft.AspNetCore.Http;
using Sidestep.Cli.Managed;
using Sidestep.Forwarding;
using Sidestep.Forwarding.Capture;
using Sidestep.Forwarding.LocalApi;
using Sidestep.Model;
using Sidestep.UnitTests.Api;

namespace Sidestep.UnitTests.Cli;

/// <summary>A managed director behind a Unix socket, which answers in the form of the local API.</summary>
public sealed class ManagedDirectorTests
{
    [Fact]
    public async Task Flows_are_visited_and_their_table_is_returned()
    {
        var server = new ServerKey(TestDirector.Web, "web1", VrfAddress.Parse("10.0.0.11"));
        var flow = new TrackedFlow(ServiceKey.InDefault("www"),
            new Flow(IPAddress.Parse("198.51.100.7"), IPAddress.Parse("203.0.113.10"), 6, 1, 80),
            server, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(2));
        await using var daemon = await StartAsync(
            new FlowsResponse(new FlowTableStatus(1024, [server], [ServiceKey.InDefault("www")]),
            [flow, flow]));
        using var director = new ManagedDirector(daemon.SocketPath);
        List<TrackedFlow> visited = [];
        Assert.Equal(1024, director.Visit(visited.Add).Capacity);
        Assert.Equal([flow, flow], visited);
    }

    [Fact]
    public async Task Rejection_by_the_daemon_is_an_engine_error()
    {
        await using var daemon = await LocalDirector.StartAsync(static _ =>
            LocalDirector.Problem(404, "Not managed", "the engine is xdp"));
        using var director = new ManagedDirector(daemon.SocketPath);
        Assert.EndsWith("rejected the request: Not managed: the engine is xdp",
            Assert.Throws<EngineException>(() => director.Visit(static _ => { })).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Capture_continues_its_session_and_ends_it()
    {
        var frame = CaptureCommandTests.Frame(1);
        Queue<CaptureResponse> responses = new([
            new CaptureResponse(7, [], default),
            new CaptureResponse(7, [frame], new CaptureCounts(2, 1)),
            new CaptureResponse(7, [], new CaptureCounts(2, 1)),
        ]);
        await using var daemon = await LocalDirector.StartAsync(_ =>
            Results.Bytes(LocalApiJson.Write(responses.Dequeue())));
        var filter = new CaptureFilter { Service = "www" };
        List<long> captured = [];
        using (var capture = new ManagedCapture(new ManagedDirector(daemon.SocketPath), filter,
            new CaptureLimits { Snap = 64 }))
        {
            capture.Poll(TimeSpan.Zero, f => captured.Add(f.Number));
            Assert.Equal(new CaptureCounts(2, 1), capture.Counts);
        }
        Assert.Equal([1], captured);
        var requests = daemon.Requests.Select(static r => LocalApiJson.Read<CaptureRequest>(
            System.Text.Encoding.UTF8.GetBytes(r["POST /v1/running/capture ".Length..]))).ToArray();
        Assert.Equal([(0, false), (7, false), (7, true)], requests.Select(static r => (r.Session, r.IsLast)));
        Assert.All(requests, static r => Assert.Equal(("www", 64), (r.Filter.Service, r.Limits.Snap)));
    }

    [Fact]
    public async Task Poll_without_frames_returns_after_its_timeout()
    {
        await using var daemon = await StartAsync(new CaptureResponse(7, [], default));
        using var capture = new ManagedCapture(new ManagedDirector(daemon.SocketPath), CaptureFilter.Everything,
            new CaptureLimits());
        capture.Poll(TimeSpan.Zero, static _ => throw new InvalidOperationException("no frame was sent"));
        Assert.Equal(default, capture.Counts);
    }

    [Fact]
    public async Task Capture_of_a_daemon_that_has_exited_can_be_disposed()
    {
        var daemon = await StartAsync(new CaptureResponse(7, [], default));
        var capture = new ManagedCapture(new ManagedDirector(daemon.SocketPath), CaptureFilter.Everything,
            new CaptureLimits());
        await daemon.DisposeAsync();
        capture.Dispose();
        Assert.Throws<EngineException>(() =>
            new ManagedCapture(new ManagedDirector(daemon.SocketPath), CaptureFilter.Everything,
            new CaptureLimits()));
    }

    private static Task<LocalDirector> StartAsync<T>(T response) =>
        LocalDirector.StartAsync(_ => Results.Bytes(LocalApiJson.Write(response)));
}
