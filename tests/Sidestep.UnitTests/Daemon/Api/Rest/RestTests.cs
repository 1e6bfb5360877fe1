using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Sidestep.Control.Agents;
using Sidestep.Daemon;
using Sidestep.Daemon.Api;
using Sidestep.Daemon.Api.Access;
using Sidestep.Daemon.Doctor;
using Sidestep.Model;

namespace Sidestep.UnitTests.Daemon.Api.Rest;

/// <summary>The configuration by HTTP requests through a real socket.</summary>
public abstract class RestTests(string yaml, bool isFile = false) : IAsyncLifetime
{
    private readonly TempFolder _temp = new();
    private readonly LongRequests _threads = new();
    private ApiListener? _listener;
    private readonly AgentRegistry _agents = new(new DrainOverlay(), "1.0", TimeProvider.System);
    private AccessControl? _access;
    private ApiEndpoints? _endpoints;

    /// <summary>Its files are below the folder of the test.</summary>
    private protected AccessControl Access => _access ??= new AccessControl(
        new AccessFiles(_temp.Path("access.json"), _temp.Path("audit"), _temp.Path("authority")), () => AgentApi,
        _agents, Rest.Log.Log, TimeProvider.System);

    /// <summary>The settings of the API for agents; null: there is none.</summary>
    private protected ApiSettings? AgentApi { get; set; }

    private protected string AuditPath => _temp.Path("audit.jsonl");

    private protected string AccessPath => _temp.Path("access.json");

    /// <summary>All endpoints; those of the engine answer that it is not there.</summary>
    private protected ApiEndpoints Endpoints => _endpoints ??= new ApiEndpoints(
        _agents,
        new LocalHandlers(static () => Cli.TestDirector.Full,
            static (_, _) => throw new ApiRequestException("not now", "there is no director"),
            () => Rest.Events.Read("edge1"), () => StoredRevisions.Of("edge1", Rest.Source.Writable!)),
        new RunningHandlers(new RunningDirectorRequests("edge1", new TestEngineState(), static () => null), _threads),
        Rest.Endpoints, Rest.Stream, new MetricsHandler(static () => Cli.TestDirector.Full, static () => true), Access,
        Rest.Log.Log);

    private protected TestRest Rest { get; } = new(yaml, isFile);

    protected static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private protected ApiListener Listener => _listener!;

    private protected HttpClient Http { get; private set; } = null!;

    public virtual async ValueTask InitializeAsync()
    {
        string socketPath = _temp.Path("d.sock");
        _listener = await ApiListener.OnSocketAsync(socketPath, Endpoints, Cancellation);
        Http = new HttpClient(new SocketsHttpHandler
        {
            ConnectCallback = async (_, cancellation) =>
            {
                var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                await socket.ConnectAsync(new UnixDomainSocketEndPoint(socketPath), cancellation);
                return new NetworkStream(socket, ownsSocket: true);
            },
        })
        {
            BaseAddress = new Uri("http://director/"),
        };
    }

    public virtual async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await _listener!.DisposeAsync();
        _access?.Dispose();
        Rest.Dispose();
        _threads.Dispose();
        _temp.Dispose();
        GC.SuppressFinalize(this);
    }

    private protected Task<RestResponse> GetAsync(string path) => SendAsync("GET", path);

    private protected Task<RestResponse> PutAsync(string path, string body, string? ifMatch = null) =>
        SendAsync("PUT", path, body, "application/json", ifMatch);

    private protected Task<RestResponse> PatchAsync(string path, string body, string? ifMatch = null) =>
        SendAsync("PATCH", path, body, "application/merge-patch+json", ifMatch);

    private protected Task<RestResponse> DeleteAsync(string path, string? ifMatch = null) =>
        SendAsync("DELETE", path, null, null, ifMatch);

    private protected async Task<RestResponse> SendAsync(string method, string path, string? body = null,
        string? mediaType = null, string? ifMatch = null, string? ifNoneMatch = null, string? accept = null)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), "/api/v1/" + path);
        if (body is not null)
        {
            request.Content = new ByteArrayContent(Encoding.UTF8.GetBytes(body));
            request.Content.Headers.ContentType = new MediaTypeHeaderValue(mediaType!);
        }
        if (ifMatch is not null)
            request.Headers.TryAddWithoutValidation("If-Match", ifMatch);
        if (ifNoneMatch is not null)
            request.Headers.TryAddWithoutValidation("If-None-Match", ifNoneMatch);
        if (accept is not null)
            request.Headers.TryAddWithoutValidation("Accept", accept);
        using var response = await Http.SendAsync(request, Cancellation);
        return new RestResponse((int)response.StatusCode, response.Content.Headers.ContentType?.MediaType,
            response.Headers.ETag?.Tag, response.Headers.Location?.ToString(),
            await response.Content.ReadAsStringAsync(Cancellation));
    }
}

/// <summary>A response.</summary>
internal sealed record RestResponse(int Status, string? MediaType, string? Tag, string? Location, string Text)
{
    internal JsonElement Json => JsonDocument.Parse(Text).RootElement;

    internal string? this[string name] => Json.GetProperty(name).ToString();

    /// <summary>The text of a problem, after checks of its form (RFC 9457).</summary>
    internal string Problem(int status, string title)
    {
        Assert.Equal((status, "application/problem+json", title, status),
            (Status, MediaType, this["title"], Json.GetProperty("status").GetInt32()));
        return this["detail"]!;
    }
}
