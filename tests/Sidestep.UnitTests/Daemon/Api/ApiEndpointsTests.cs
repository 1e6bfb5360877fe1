using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Sidestep.Api;
using Sidestep.Api.Configurations;
using Sidestep.Api.Events;
using Sidestep.Api.Plans;
using Sidestep.Api.Status;
using Sidestep.Api.Traces;
using Sidestep.Cli.Replay;
using Sidestep.Control.Agents;
using Sidestep.Daemon;
using Sidestep.Daemon.Api;
using Sidestep.Daemon.Api.Access;
using Sidestep.Daemon.Doctor;
using Sidestep.Forwarding;
using Sidestep.Model;
using Sidestep.UnitTests.Control;

namespace Sidestep.UnitTests.Daemon.Api;

public sealed class ApiEndpointsTests : IDisposable
{
    private const string ReportBody = """
        { "agentVersion": "1.0", "operatingSystem": "linux", "wallClock": "2026-01-02T03:04:05Z", "sequence": 4,
          "conditions": [] }
        """;

    private readonly ManualTime _time = new();
    private readonly DrainOverlay _drains = new();
    private readonly AgentRegistry _agents;
    private readonly TestAuthority _authority = new("authority");
    private readonly ApiEndpoints _endpoints;
    private readonly TestLog _log = new();
    private PeerCredentials? _peer = new(4711, 0, 0);
    private Func<DoctorRequest, Task<DoctorReport>> _diagnose = static _ => throw new NotSupportedException();
    private Func<DirectorStatus> _status = static () => Cli.TestDirector.Full;
    private readonly LongRequests _threads = new();
    private readonly Rest.TestRest _rest = new(TestDirector.Yaml);
    private readonly TestEngineState _engine = new();
    private readonly TempFolder _folder = new();
    private readonly AccessControl _access;

    public ApiEndpointsTests()
    {

        _agents = new AgentRegistry(_drains, "1.0", _time);
        _agents.Applied(TestDirector.Effective, TestDirector.NextHops);
        _access = new AccessControl(
            new AccessFiles(_folder.Path("access.json"), _folder.Path("audit"), _folder.Path("authority")),
            static () => null, _agents, new TestLog().Log, _time);
        var local = new LocalHandlers(() => _status(), (request, _) => _diagnose(request), static () =>
            new EventsReport("edge1", 2, [new EventRecord(403, "RequestFailed", EventLevel.Error,
                DateTimeOffset.UnixEpoch, "GET / failed")]), static () =>
            new RevisionsReport("edge1", 0, [new RevisionRecord(1, "/etc/sidestep.yaml", DateTimeOffset.UnixEpoch,
                RevisionOutcome.Accepted, [])]));
        var requests = new RunningDirectorRequests(TestDirector.Configuration.Node.Name, _engine,
            static () => TestDirector.Tables);
        _endpoints = new ApiEndpoints(_agents, local, new RunningHandlers(requests, _threads),
            _rest.Endpoints, _rest.Stream,
            new MetricsHandler(static () => Cli.TestDirector.Full, static () => true), _access, _log.Log);
    }

    [Fact]
    public async Task Status_is_served_on_the_socket()
    {
        var response = await LocalAsync("GET", "/api/v1/status");
        Assert.Equal((200, "application/json"), (response.Status, response.MediaType));
        Assert.Equal("edge1", response.Json.GetProperty("director").GetString());
        Assert.Equal(2, response.Json.GetProperty("agents").GetArrayLength());
        _status = static () => throw new EngineException("the tables are gone");
        AssertProblem(await LocalAsync("GET", "/api/v1/status"), 409, "not now", "the tables are gone");
    }

    [Fact]
    public async Task Directors_and_agents_are_resources()
    {
        var director = (await LocalAsync("GET", "/api/v1/directors")).Json.GetProperty("items")[0];
        Assert.Equal(("edge1", "managed", true), (director.GetProperty("name").GetString(),
            director.GetProperty("engine").GetString(), director.GetProperty("isForwarding").GetBoolean()));
        string name = (await LocalAsync("GET", "/api/v1/agents")).Json.GetProperty("items")[0].GetProperty("server")
            .GetString()!;
        Assert.Equal(name, (await LocalAsync("GET", "/api/v1/agents/" + name)).Json.GetProperty("server").GetString());
        AssertProblem(await LocalAsync("GET", "/api/v1/agents/x"), 404, "not found",
            "no real server of this director has the name 'x'");
    }

    [Fact]
    public async Task Doctor_gets_the_request_and_its_report_is_the_response()
    {
        var services = new List<string?>();
        _diagnose = request =>
        {
            services.Add(request.Service);
            return Task.FromResult(
                new DoctorReport { Director = "edge1", At = DateTimeOffset.UnixEpoch, Diagnoses = [] });
        };
        var response = await LocalAsync("POST", "/api/v1/diagnoses", """{ "service": "www" }""");
        Assert.Equal((200, "www"), (response.Status, Assert.Single(services)));
        Assert.Equal("edge1", response.Json.GetProperty("director").GetString());
    }

    [Fact]
    public async Task Request_that_cannot_be_fulfilled_now_is_a_conflict()
    {
        _diagnose = static _ => throw new ApiRequestException("not yet", "the director is starting");
        var response = await LocalAsync("POST", "/api/v1/diagnoses", "{}");
        AssertProblem(response, 409, "not yet", "the director is starting");
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("[ 1 ]")]
    [InlineData("{ \"service\": 5 }")]
    public async Task Body_that_is_no_request_is_a_bad_request(string body)
    {
        var response = await LocalAsync("POST", "/api/v1/diagnoses", body);
        Assert.Equal((400, "bad request"), (response.Status, response.Json.GetProperty("title").GetString()));
    }

    [Theory]
    [InlineData("GET", "/api/v1/specs/web1")]
    [InlineData("GET", "/api/v1/statuses")]
    [InlineData("POST", "/")]
    public async Task Other_paths_on_the_socket_do_not_exist(string method, string path) =>
        AssertProblem(await LocalAsync(method, path), 404, "not found", $"{path} does not exist in this API");

    /// <summary>RFC 9110, section 15.5.6.</summary>
    [Theory]
    [InlineData("POST", "/api/v1/status", "GET")]
    [InlineData("GET", "/api/v1/diagnoses", "POST")]
    [InlineData("PATCH", "/api/v1/users/alice", "DELETE or PUT")]
    [InlineData("POST", "/api/v1/pools/web/servers/web1", "DELETE or GET or PATCH or PUT")]
    public async Task Other_methods_of_a_path_are_not_allowed(string method, string path, string allowed)
    {
        var response = await LocalAsync(method, path);
        AssertProblem(response, 405, "method not allowed", $"{path} has no {method}: use {allowed}");
        Assert.Equal(allowed.Replace(" or ", ", ", StringComparison.Ordinal), response.Allow);
    }

    [Fact]
    public async Task Events_are_served_on_the_socket()
    {
        var response = await LocalAsync("GET", "/api/v1/events");
        Assert.Equal("""
            {"director":"edge1","evicted":2,"events":[{"id":403,"name":"RequestFailed","level":"error",
            "time":"1970-01-01T00:00:00+00:00","message":"GET / failed"}]}
            """.ReplaceLineEndings(""), response.Text);
    }

    [Fact]
    public async Task Revisions_are_served_on_the_socket()
    {
        var response = await LocalAsync("GET", "/api/v1/revisions");
        Assert.Equal("""
            {"director":"edge1","evicted":0,"revisions":[{"number":1,"origin":"/etc/sidestep.yaml",
            "time":"1970-01-01T00:00:00+00:00","outcome":"accepted","errors":[]}]}
            """.ReplaceLineEndings(""), response.Text);
    }

    [Fact]
    public async Task Flows_are_lines_that_end_with_the_counts()
    {
        var response = await LocalAsync("GET", "/api/v1/flows?list=true&server=web1");
        var lines = response.Text.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(static l => JsonDocument.Parse(l).RootElement).ToArray();
        Assert.Equal((200, "application/jsonl", 3), (response.Status, response.MediaType, lines.Length));
        Assert.Equal("web1", lines[0].GetProperty("flow").GetProperty("server").GetString());
        var report = lines[2].GetProperty("report");
        Assert.Equal(("daemon", 2), (report.GetProperty("source").GetString(), report.GetProperty("flows").GetInt32()));
        Assert.Single((await LocalAsync("GET", "/api/v1/flows")).Text
            .Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.True(_engine.Table.IsDisposed);
    }

    [Theory]
    [InlineData("?list=x", 400, "bad request", "list=x: write true or false")]
    [InlineData("?client=web1", 400, "bad request", "client=web1: neither an address nor a prefix")]
    [InlineData("?vip=1", 400, "bad request", "'vip' is not a parameter: they are list, service, server, client")]
    [InlineData("?service=x", 422, "unknown name",
        "--service x: the director has no service of that name. It has dns, www.")]
    public async Task Wrong_request_for_flows_is_rejected_before_the_first_line(string query, int status, string title,
        string detail) => AssertProblem(await LocalAsync("GET", "/api/v1/flows" + query), status, title, detail);

    [Fact]
    public async Task Error_after_the_first_line_is_a_line()
    {
        _engine.Failure = "the maps are gone";
        var response = await LocalAsync("GET", "/api/v1/flows?list=true");
        var line = JsonDocument.Parse(response.Text.Split('\n', StringSplitOptions.RemoveEmptyEntries)[^1]).RootElement;
        Assert.Equal((200, "the maps are gone"),
            (response.Status, line.GetProperty("problem").GetProperty("detail").GetString()));
    }

    [Fact]
    public async Task Plan_gets_the_configuration_and_its_origin()
    {
        var body = JsonSerializer.Serialize(new PlanRequest("new.yaml", TestDirector.Yaml),
            ApiJson.Default.PlanRequest);
        var response = await LocalAsync("POST", "/api/v1/plans", body);
        Assert.Equal((200, "daemon"), (response.Status, response.Json.GetProperty("source").GetString()));
        AssertProblem(await LocalAsync("POST", "/api/v1/plans",
            """{ "origin": "new.yaml", "configuration": "" }"""), 409,
            "not now", ConfigurationReader.Read("", null).Errors[0].Format("new.yaml", "error"));
    }

    [Fact]
    public async Task Trace_gets_a_frame()
    {
        var frame = PacketSpec.ToFrame(["tcp", "198.51.100.7:40000", "203.0.113.10:80"], default);
        var response = await LocalAsync("POST", "/api/v1/decisions",
            JsonSerializer.Serialize(new TraceRequest(frame, true),
            ApiJson.Default.TraceRequest));
        Assert.Equal(200, response.Status);
        Assert.Equal(6, response.Json.GetProperty("stages").GetArrayLength());
        AssertProblem(await LocalAsync("POST", "/api/v1/decisions",
            """{ "frame": "AAAA", "isSynthetic": true }"""), 400,
            "bad request", "a frame has 14 to 65600 bytes, and not 3");
    }

    [Theory]
    [InlineData("""{ "filter": "prot 80" }""", "filter, column 1: 'prot' is not a condition.")]
    [InlineData("""{ "snap": 1 }""", "snap 1: must be from 64 to 2048")]
    public async Task Wrong_request_for_a_capture_is_rejected(string body, string detail)
    {
        var response = await LocalAsync("POST", "/api/v1/captures", body);
        Assert.Equal(400, response.Status);
        Assert.StartsWith(detail, response.Json.GetProperty("detail").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Request_above_the_limit_is_rejected_until_another_ends()
    {
        using var blocked = new ManualResetEventSlim();
        _engine.Blocked = blocked;
        var running = Enumerable.Range(0, LongRequests.Max).Select(_ => LocalAsync("GET", "/api/v1/flows")).ToArray();
        AssertProblem(await LocalAsync("GET", "/api/v1/flows"), 503, "busy",
            "4 requests for flows, plans, traces and captures are running, which is the limit: try again when one of "
                + "them has ended");
        Assert.Equal(200, (await LocalAsync("GET", "/api/v1/status")).Status);
        blocked.Set();
        Assert.All(await Task.WhenAll(running), static r => Assert.Equal(200, r.Status));
        Assert.Equal(200, (await LocalAsync("GET", "/api/v1/flows")).Status);
    }

    [Fact]
    public async Task Agent_gets_the_spec_of_its_server()
    {
        var response = await AgentAsync("GET", "/api/v1/specs/web1", "CN=web1");
        Assert.Equal((200, "application/json"), (response.Status, response.MediaType));
        Assert.Equal(["www"], response.Json.GetProperty("services").EnumerateArray()
            .Select(static s => s.GetProperty("name").GetString()));
    }

    [Fact]
    public async Task Known_revision_is_not_modified_when_the_poll_is_over()
    {
        var revision = (await AgentAsync("GET", "/api/v1/specs/web1", "CN=web1")).Json.GetProperty("revision")
            .GetInt64();
        var poll = AgentAsync("GET", $"/api/v1/specs/web1?after={revision}", "CN=web1");
        Assert.Equal(30, (await _time.CompleteAsync(poll)).TotalSeconds, 0.1);
        Assert.Equal((304, ""), ((await poll).Status, (await poll).Text));
        Assert.Equal(200, (await AgentAsync("GET", $"/api/v1/specs/web1?after={revision - 1}", "CN=web1")).Status);
    }

    [Fact]
    public async Task Revision_must_be_a_number() => AssertProblem(
        await AgentAsync("GET", "/api/v1/specs/web1?after=x", "CN=web1"), 400, "no such revision",
        "after=x is not a number");

    [Theory]
    [InlineData("CN=web2", "web2")]
    [InlineData("O=web1", "")]
    [InlineData("O=company, CN=web2", "web2")]
    public async Task Certificate_authorises_requests_for_its_common_name_only(string? subject, string name)
    {
        foreach (var (method, path) in new[] { ("GET", "/api/v1/specs/web1"), ("POST", "/api/v1/reports/web1"),
            ("POST", "/api/v1/drains/web1") })
        {
            AssertProblem(await AgentAsync(method, path, subject), 403, "wrong certificate",
                $"the certificate of '{name}' does not authorise requests for 'web1': use a certificate with the "
                    + $"server's name as its common name");
        }
        Assert.Empty(_agents.All);
    }

    [Fact]
    public async Task Request_without_credentials_is_rejected()
    {
        _peer = null;
        foreach (var response in new[]
        {
            await AgentAsync("GET", "/api/v1/specs/web1", null), await AgentAsync("POST", "/api/v1/reports/web1", null),
        })
            AssertProblem(response, 403, "wrong certificate", "the request has no client certificate");
        foreach (var response in new[]
        {
            await LocalAsync("GET", "/api/v1/status"), await LocalAsync("GET", "/api/v1/flows"),
        })
            AssertProblem(response, 403, "wrong user",
                "user unknown may not use this socket: use it as root, or as the user of the daemon");
    }

    [Fact]
    public async Task Process_of_another_user_is_rejected_on_the_socket()
    {
        _peer = new PeerCredentials(4711, 65533, 65533);
        AssertProblem(await LocalAsync("GET", "/api/v1/status"), 403, "wrong user",
            "user 65533 may not use this socket: use it as root, or as the user of the daemon");
    }

    [Fact]
    public async Task Certificate_opens_no_endpoint_of_the_socket()
    {
        _peer = null;
        var response = await SendAsync("GET", "/api/v1/status", "CN=web1", "", _endpoints.Local,
            TestContext.Current.CancellationToken);
        AssertProblem(response, 403, "wrong user",
            "user unknown may not use this socket: use it as root, or as the user of the daemon");
    }

    [Fact]
    public async Task Process_on_this_machine_is_no_agent() => AssertProblem(
        await AgentAsync("GET", "/api/v1/specs/web1", null), 403, "wrong certificate",
        "the request has no client certificate");

    [Fact]
    public async Task Fault_in_a_handler_is_an_internal_error_and_is_logged()
    {
        _diagnose = static _ => throw new FormatException("a fault");
        AssertProblem(await LocalAsync("POST", "/api/v1/diagnoses", "{}"), 500, "internal error",
            "FormatException: the log of the director has the details");
        Assert.Equal(["error: POST /api/v1/diagnoses failed"], _log.Lines);
    }

    [Fact]
    public async Task Common_name_is_found_among_other_attributes() =>
        Assert.Equal(200, (await AgentAsync("GET", "/api/v1/specs/web1", "C=DE, O=company, CN=web1")).Status);

    [Theory]
    [InlineData("GET", "/api/v1/specs/web9", "")]
    [InlineData("POST", "/api/v1/reports/web9", ReportBody)]
    [InlineData("POST", "/api/v1/drains/web9", """{ "state": "draining" }""")]
    public async Task Server_outside_all_pools_is_unknown(string method, string path, string body) => AssertProblem(
        await AgentAsync(method, path, "CN=web9", body), 404, "no such server",
        "no real server of this director has the name or address 'web9': add it to a pool, or give the agent the "
            + "certificate of a server in a pool");

    [Theory]
    [InlineData("GET", "/api/v1/specs/")]
    [InlineData("GET", "/api/v1/status")]
    [InlineData("POST", "/api/v1/diagnoses")]
    [InlineData("GET", "/api/v1/flows")]
    public async Task Other_paths_do_not_exist_for_agents(string method, string path) => AssertProblem(
        await AgentAsync(method, path, "CN=web1", "{}"), 404, "not found", $"{path} does not exist in this API");

    [Theory]
    [InlineData("POST", "/api/v1/specs/web1", "GET")]
    [InlineData("GET", "/api/v1/reports/web1", "POST")]
    public async Task Other_methods_are_not_allowed_for_agents(string method, string path, string allowed) =>
        AssertProblem(await AgentAsync(method, path, "CN=web1", "{}"), 405, "method not allowed",
            $"{path} has no {method}: use {allowed}");

    /// <summary>Stored, it would fail the requests of others.</summary>
    [Fact]
    public async Task Report_with_errors_is_rejected_with_all_of_them()
    {
        AssertProblem(await AgentAsync("POST", "/api/v1/reports/web1", "CN=web1", ReportBody
            .Replace("\"conditions\": []", "\"conditions\": [null], \"listeners\": [null]", StringComparison.Ordinal)),
            400, "invalid report", "conditions[0]: is null; listeners[0]: is null");
        Assert.Empty(_agents.All);
    }

    [Fact]
    public async Task Report_is_recorded_for_its_server()
    {
        var response = await AgentAsync("POST", "/api/v1/reports/web1", "CN=web1", ReportBody);
        Assert.Equal(200, response.Status);
        Assert.Equal(_agents.BeginEpoch() - 1, response.Json.GetProperty("reportEpoch").GetInt64());
        Assert.Equal(("web1", 4), ($"{Assert.Single(_agents.All).Server}", _agents.All[0].Report.Sequence));
        Assert.Equal(400, (await AgentAsync("POST", "/api/v1/reports/web1", "CN=web1", "{")).Status);
    }

    [Fact]
    public async Task Drain_request_changes_the_servers_state()
    {
        var response = await AgentAsync("POST", "/api/v1/drains/web1", "CN=web1", """{ "state": "draining" }""");
        Assert.Equal((204, ""), (response.Status, response.Text));
        Assert.Equal(["web1"], _drains.Drains.Select(static d => d.Server.ToString()));
        Assert.Equal(204,
            (await AgentAsync("POST", "/api/v1/drains/web1", "CN=web1", """{ "state": "enabled" }""")).Status);
        Assert.Empty(_drains.Drains);
        AssertProblem(await AgentAsync("POST", "/api/v1/drains/web1", "CN=web1", """{ "state": "gone" }"""), 400,
            "no such state",
            "'gone' is neither enabled nor draining");
    }

    [Fact]
    public async Task Client_that_closes_the_connection_gets_no_response()
    {
        using var aborted = new CancellationTokenSource();
        await aborted.CancelAsync();
        var revision = (await AgentAsync("GET", "/api/v1/specs/web1", "CN=web1")).Json.GetProperty("revision")
            .GetInt64();
        var response = await SendAsync("GET", $"/api/v1/specs/web1?after={revision}", "CN=web1", "",
            _endpoints.Agents, aborted.Token);
        Assert.Equal("", response.Text);
    }

    public void Dispose()
    {
        _authority.Dispose();
        _rest.Dispose();
        _access.Dispose();
        _folder.Dispose();
    }

    private static void AssertProblem(Response response, int status, string title, string detail)
    {
        Assert.Equal((status, "application/problem+json"), (response.Status, response.MediaType));
        Assert.Equal((title, status, detail), (response.Json.GetProperty("title").GetString(),
            response.Json.GetProperty("status").GetInt32(), response.Json.GetProperty("detail").GetString()));
    }

    private Task<Response> LocalAsync(string method, string path, string body = "") =>
        SendAsync(method, path, null, body, _endpoints.Local, TestContext.Current.CancellationToken);

    private Task<Response> AgentAsync(string method, string path, string? subject, string body = "") =>
        SendAsync(method, path, subject, body, _endpoints.Agents, TestContext.Current.CancellationToken);

    private async Task<Response> SendAsync(
        string method, string path, string? subject, string body, ApiSite site,
        CancellationToken aborted)
    {
        await using var application = ApiListener.Build(static _ => { }, site, _log.Log);
        using var certificate = subject is null ? null
            : X509Certificate2.CreateFromPem(_authority.Issue(subject).Certificate);
        var context = new DefaultHttpContext
        {
            RequestAborted = aborted,
            RequestServices = application.Services,
        };
        if (_peer is not null && subject is null)
            context.Features.Set(_peer);
        var parts = path.Split('?');
        (context.Request.Method, context.Request.Path) = (method, parts[0]);
        context.Request.QueryString = new QueryString(parts.Length > 1 ? "?" + parts[1] : "");
        context.Request.Body = new MemoryStream(Encoding.UTF8.GetBytes(body));
        context.Connection.ClientCertificate = certificate;
        using var output = new MemoryStream();
        context.Response.Body = output;
        await ((IApplicationBuilder)application).Build()(context);
        return new Response(context.Response.StatusCode, context.Response.ContentType,
            Encoding.UTF8.GetString(output.ToArray()), context.Response.Headers.Allow);
    }

    private sealed record Response(int Status, string? MediaType, string Text, string? Allow)
    {
        public JsonElement Json => JsonDocument.Parse(Text).RootElement;
    }
}
