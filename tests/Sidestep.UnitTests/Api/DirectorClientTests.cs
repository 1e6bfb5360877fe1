using System.Net;
using Microsoft.AspNetCore.Http;
using Sidestep.Api;
using Sidestep.Api.Flows;

namespace Sidestep.UnitTests.Api;

/// <summary>The client against a real HTTP server on a Unix socket.</summary>
public sealed class DirectorClientTests
{
    private static readonly AgentReport Report = new()
    {
        AgentVersion = "1.2.3",
        OperatingSystem = "linux",
        WallClock = DateTimeOffset.UnixEpoch,
    };

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(null, "GET /api/v1/specs/web1")]
    [InlineData(17L, "GET /api/v1/specs/web1?after=17")]
    public async Task Spec_is_requested_after_the_known_revision(long? after, string request)
    {
        await using var director = await LocalDirector.StartAsync(static _ => Results.Json(
            new ServerSpec { Revision = 18, Director = "edge1" }, ApiJson.Default.ServerSpec));
        using var client = director.NewClient();
        var spec = await client.GetSpecAsync("web1", after, Cancellation);
        Assert.Equal((18, "edge1"), (spec!.Revision, spec.Director));
        Assert.Equal([request], director.Requests);
    }

    [Theory]
    [InlineData(204)]
    [InlineData(304)]
    public async Task Unchanged_spec_is_null(int status)
    {
        await using var director = await LocalDirector.StartAsync(_ => Results.StatusCode(status));
        using var client = director.NewClient();
        Assert.Null(await client.GetSpecAsync("web1", 17, Cancellation));
    }

    [Fact]
    public async Task Server_name_is_escaped_in_the_path()
    {
        await using var director = await LocalDirector.StartAsync(static c =>
            Results.Text(c.Request.Path.Value == "/api/v1/specs/a/b" ? "null" : "{}", "application/json"));
        using var client = director.NewClient();
        await client.GetSpecAsync("a?b", null, Cancellation);
        Assert.Equal(["GET /api/v1/specs/a?b"], director.Requests.Select(WebUtility.UrlDecode));
    }

    [Fact]
    public async Task Report_is_posted_and_its_response_is_read()
    {
        await using var director = await LocalDirector.StartAsync(static _ => Results.Text(
            """{"specRevision":5,"nextReportMilliseconds":100,"reportEpoch":9,"wallClock":"2026-03-01T12:00:00Z"}""",
            "application/json"));
        using var client = director.NewClient();
        Assert.Equal(
            new ReportResponse
            {
                SpecRevision = 5,
                NextReportMilliseconds = 100,
                ReportEpoch = 9,
                WallClock = new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero),
            },
            await client.ReportAsync("web1", Report, Cancellation));
        Assert.StartsWith("""POST /api/v1/reports/web1 {"agentVersion":"1.2.3",""", Assert.Single(director.Requests),
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task Report_without_a_response_has_an_empty_one()
    {
        await using var director = await LocalDirector.StartAsync(static _ => Results.NoContent());
        using var client = director.NewClient();
        Assert.Equal(new ReportResponse(), await client.ReportAsync("web1", Report, Cancellation));
    }

    [Fact]
    public async Task Drain_request_has_its_state()
    {
        await using var director = await LocalDirector.StartAsync(static _ => Results.NoContent());
        using var client = director.NewClient();
        await client.DrainAsync("web1", new DrainRequest(AdminStates.Draining), Cancellation);
        Assert.Equal(["""POST /api/v1/drains/web1 {"state":"draining"}"""], director.Requests);
    }

    [Fact]
    public async Task Status_is_read_from_its_path()
    {
        await using var director = await LocalDirector.StartAsync(static _ => Results.Json(
            Cli.TestDirector.Full, ApiJson.Default.DirectorStatus));
        using var client = director.NewClient();
        Assert.Equal("edge1", (await client.GetStatusAsync(Cancellation)).Director);
        Assert.Equal(["GET /api/v1/status"], director.Requests);
    }

    [Fact]
    public async Task Empty_status_or_diagnosis_is_an_error()
    {
        await using var director = await LocalDirector.StartAsync(static _ => Results.NoContent());
        using var client = director.NewClient();
        var expected = $"{director.SocketPath} sent an empty response";
        Assert.Equal(expected, (await FailureAsync(() => client.GetStatusAsync(Cancellation))).Message);
        Assert.Equal(expected, (await FailureAsync(() =>
            client.DiagnoseAsync(new DoctorRequest(), TimeSpan.FromSeconds(9), Cancellation))).Message);
    }

    [Fact]
    public async Task Problem_of_the_director_is_the_message()
    {
        await using var director = await LocalDirector.StartAsync(static _ =>
            LocalDirector.Problem(403, "Forbidden", "the certificate is for 'web2'"));
        using var client = director.NewClient();
        var error = await FailureAsync(() => client.GetSpecAsync("web1", null, Cancellation));
        Assert.Equal(403, error.Status);
        Assert.Equal($"{director.SocketPath} rejected the request: Forbidden: the certificate is for 'web2'",
            error.Message);
    }

    [Fact]
    public async Task Error_without_a_problem_has_the_status_and_its_reason()
    {
        await using var director = await LocalDirector.StartAsync(static _ => Results.Text("no", statusCode: 503));
        using var client = director.NewClient();
        foreach (var error in new[]
        {
            await FailureAsync(() => client.GetSpecAsync("web1", null, Cancellation)),
            await FailureAsync(() => client.ReadFlowsAsync(new FlowsRequest(), static _ => { }, Cancellation)),
        })
        {
            Assert.Equal(503, error.Status);
            Assert.Equal($"{director.SocketPath} rejected the request: 503 Service Unavailable", error.Message);
        }
    }

    [Theory]
    [InlineData("not JSON")]
    [InlineData("{\"directors\":[\"10.0.0.300\"]}")]
    [InlineData("{\"services\":[{\"name\":\"www\"}]}")]
    public async Task Response_of_another_version_is_an_error_without_a_status(string body)
    {
        await using var director = await LocalDirector.StartAsync(_ => Results.Text(body, "application/json"));
        using var client = director.NewClient();
        var error = await FailureAsync(() => client.GetSpecAsync("web1", null, Cancellation));
        Assert.Null(error.Status);
        Assert.StartsWith($"{director.SocketPath} sent a response that this version does not understand: ",
            error.Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task Missing_director_is_an_error_without_a_status()
    {
        using var client = DirectorClient.OnThisMachine("/nowhere/director.sock");
        foreach (var error in new[]
        {
            await FailureAsync(() => client.GetStatusAsync(Cancellation)),
            await FailureAsync(() => client.ReadFlowsAsync(new FlowsRequest(), static _ => { }, Cancellation)),
        })
        {
            Assert.Null(error.Status);
            Assert.StartsWith("/nowhere/director.sock cannot be reached: ", error.Message, StringComparison.Ordinal);
            Assert.True(error.HasNoListener);
        }
    }

    [Fact]
    public async Task Slow_director_is_an_error_after_the_timeout()
    {
        await using var director = await LocalDirector.StartAsync(SlowAsync);
        using var client = director.NewClient();
        var error = await FailureAsync(() =>
            client.DiagnoseAsync(new DoctorRequest(), TimeSpan.FromMilliseconds(30), Cancellation));
        Assert.Equal($"{director.SocketPath} did not respond within 0 s", error.Message);
    }

    [Fact]
    public async Task Cancellation_by_the_caller_is_no_error_of_the_director()
    {
        await using var director = await LocalDirector.StartAsync(SlowAsync);
        using var client = director.NewClient();
        using var source = new CancellationTokenSource(TimeSpan.FromMilliseconds(30));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => client.GetStatusAsync(source.Token));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() =>
            client.ReadFlowsAsync(new FlowsRequest(), static _ => { }, source.Token));
    }

    [Fact]
    public async Task Conditions_on_flows_are_the_query()
    {
        await using var director = await LocalDirector.StartAsync(static _ => Results.Text("""
            {"flow":{"service":"a b","protocol":"tcp","client":"198.51.100.7","clientPort":1,"vip":"203.0.113.10",
            "vipPort":80,"server":"w","address":"10.0.0.11","pool":"p","encap":"l2","idleSeconds":1.5,"ageSeconds":2}}
            {"report":{"director":"edge1","source":"daemon","flows":1,"capacity":4,"servers":[]}}
            """, "application/jsonl"));
        using var client = director.NewClient();
        var visited = new List<FlowRecord>();
        var report = await client.ReadFlowsAsync(
            new FlowsRequest(true, "a b", "w&x", IPNetwork.Parse("198.51.100.0/24")), visited.Add, Cancellation);
        Assert.Equal(("edge1", 1), (report.Director, report.Flows));
        Assert.Equal(("a b", 1.5), (visited[0].Service, visited[0].IdleSeconds));
        Assert.Equal(["GET /api/v1/flows?list=true&service=a%20b&server=w%26x&client=198.51.100.0%2F24"],
            director.Requests);
    }

    [Theory]
    [InlineData("", "ended its response before the last line")]
    [InlineData("""{"problem":{"title":"not now","status":409,"detail":"it stops"}}""", "not now: it stops")]
    [InlineData("""{"flow":[]}""", "sent a response that this version does not understand: ")]
    public async Task Stream_without_its_last_line_is_an_error(string body, string message)
    {
        await using var director = await LocalDirector.StartAsync(_ => Results.Text(body, "application/jsonl"));
        using var client = director.NewClient();
        Assert.Contains(message, (await FailureAsync(() =>
            client.ReadFlowsAsync(new FlowsRequest(true), static _ => { }, Cancellation))).Message,
            StringComparison.Ordinal);
    }

    private static async Task<IResult> SlowAsync(HttpContext context)
    {
        try
        {
            await Task.Delay(Timeout.Infinite, context.RequestAborted);
        }
        catch (OperationCanceledException)
        {
            // The client has given up.
        }
        return Results.Empty;
    }

    private static Task<DirectorException> FailureAsync(Func<Task> call) => Assert.ThrowsAsync<DirectorException>(call);
}
