using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using Sidestep.Api;
using Sidestep.Api.Access;
using Sidestep.Daemon.Api;
using Sidestep.UnitTests.Daemon.Api.Rest;

namespace Sidestep.UnitTests.Daemon.Api.Access;

/// <summary>The API through the listener for operators, on loopback.</summary>
public abstract class RemoteTests(string yaml) : RestTests(yaml)
{
    private protected ApiListener Remote { get; private set; } = null!;

    private protected HttpClient RemoteHttp { get; set; } = null!;

    public override async ValueTask InitializeAsync()
    {
        await base.InitializeAsync();
        Remote = await ApiListener.OnNetworkAsync(new ListenerSettings([new IPEndPoint(IPAddress.Loopback, 0)], null),
            null, Endpoints.Management(null), ListenerLimits.OfOperators, Rest.Log.Log, Cancellation);
        RemoteHttp = ClientAt(IPAddress.Loopback);
    }

    /// <summary>A client with an address of its own: each has a limit of requests.</summary>
    private protected HttpClient ClientAt(IPAddress address) => new(new SocketsHttpHandler
    {
        ConnectCallback = async (context, cancellation) =>
        {
            var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
            socket.Bind(new IPEndPoint(address, 0));
            await socket.ConnectAsync(IPAddress.Loopback, context.DnsEndPoint.Port, cancellation);
            return new NetworkStream(socket, ownsSocket: true);
        },
    })
    {
        BaseAddress = new Uri(Remote.Addresses.Single()),
    };

    public override async ValueTask DisposeAsync()
    {
        RemoteHttp.Dispose();
        await Remote.DisposeAsync();
        await base.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    /// <summary>Creates a token through the socket, as root does.</summary>
    private protected async Task<string> TokenAsync(string name, Role role, string? scope = null)
    {
        var response = await SendAsync("POST", "tokens", System.Text.Json.JsonSerializer.Serialize(
            new TokenRequest(name, role) { Scope = scope }, ApiJson.Default.TokenRequest), "application/json");
        Assert.Equal(201, response.Status);
        return response["token"]!;
    }

    private protected Task<RestResponse> RemoteAsync(string method, string path, string? token, string? body = null,
        string mediaType = "application/json") => RemoteAsync(method, path, token, body, mediaType, static _ => { });

    private protected async Task<RestResponse> RemoteAsync(string method, string path, string? token, string? body,
        string mediaType, Action<HttpRequestMessage> change)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method),
            path.StartsWith('/') ? path : "/api/v1/" + path);
        if (body is not null)
        {
            request.Content = new ByteArrayContent(Encoding.UTF8.GetBytes(body));
            request.Content.Headers.ContentType = new MediaTypeHeaderValue(mediaType);
        }
        if (token is not null)
            request.Headers.TryAddWithoutValidation("Authorization", "Bearer " + token);
        change(request);
        // A stream does not end.
        using var response = await RemoteHttp.SendAsync(request, HttpCompletionOption.ResponseHeadersRead,
            Cancellation);
        string? type = response.Content.Headers.ContentType?.MediaType;
        return new RestResponse((int)response.StatusCode, type, response.Headers.ETag?.Tag,
            response.Headers.Location?.ToString(),
            type == "text/event-stream" ? "" : await response.Content.ReadAsStringAsync(Cancellation));
    }
}
