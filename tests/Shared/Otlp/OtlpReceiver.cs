using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;

namespace Sidestep.Testing;

/// <summary>A collector of OpenTelemetry that records what it gets, by either transport.</summary>
internal sealed class OtlpReceiver : IAsyncDisposable
{
    private readonly WebApplication _application;
    private readonly ConcurrentQueue<OtlpRequest> _requests = new();

    private OtlpReceiver(WebApplication application)
    {
        _application = application;
        _application.Run(HandleAsync);
    }

    /// <summary>Its URL, without a path.</summary>
    public string Url => _application.Urls.Single();

    public IReadOnlyList<OtlpRequest> Requests => [.. _requests];

    /// <summary>Answers instead of the receiver; null: it accepts.</summary>
    public Func<HttpContext, Task>? Respond { get; set; }

    /// <param name="grpc">True: gRPC, false: binary protobuf in HTTP/1.1.</param>
    /// <param name="certificate">For TLS; null: none.</param>
    /// <param name="address">The address; the kernel chooses the port if it has none.</param>
    /// <param name="socket">Makes its socket; null: in the namespace of the test.</param>
    public static async Task<OtlpReceiver> StartAsync(bool grpc, X509Certificate2? certificate = null,
        IPEndPoint? address = null, Func<Socket>? socket = null)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.UseSockets(options =>
        {
            if (socket is not null)
            {
                options.CreateBoundListenSocket = endpoint =>
                {
                    var bound = socket();
                    bound.Bind(endpoint);
                    return bound;
                };
            }
        });
        builder.WebHost.ConfigureKestrel(options => options.Listen(address ?? new IPEndPoint(IPAddress.Loopback, 0),
            listen =>
            {
                listen.Protocols = grpc ? HttpProtocols.Http2 : HttpProtocols.Http1;
                if (certificate is not null)
                    listen.UseHttps(certificate);
            }));
        var receiver = new OtlpReceiver(builder.Build());
        await receiver._application.StartAsync(TestContext.Current.CancellationToken);
        return receiver;
    }

    /// <summary>Accepts a request.</summary>
    /// <param name="context">The request.</param>
    /// <param name="response">The <c>ExportMetricsServiceResponse</c>.</param>
    public static async Task AcceptAsync(HttpContext context, params byte[] response)
    {
        if (!IsGrpc(context))
        {
            context.Response.ContentType = "application/x-protobuf";
            await context.Response.Body.WriteAsync(response);
            return;
        }
        context.Response.ContentType = "application/grpc";
        await context.Response.Body.WriteAsync((byte[])[0, 0, 0, 0, (byte)response.Length, .. response]);
        context.Response.AppendTrailer("grpc-status", "0");
    }

    public ValueTask DisposeAsync() => _application.DisposeAsync();

    private static bool IsGrpc(HttpContext context) => context.Request.ContentType == "application/grpc";

    private async Task HandleAsync(HttpContext context)
    {
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body, context.RequestAborted);
        byte[] bytes = body.ToArray();
        if (IsGrpc(context))
        {
            Assert.Equal(0, bytes[0]);
            Assert.Equal(bytes.Length - 5, System.Buffers.Binary.BinaryPrimitives.ReadInt32BigEndian(bytes.AsSpan(1)));
            bytes = bytes[5..];
        }
        _requests.Enqueue(new OtlpRequest(context.Request.Method, context.Request.Path, context.Request.ContentType,
            context.Request.Headers.ToDictionary(static h => h.Key, static h => h.Value.ToString(),
                StringComparer.OrdinalIgnoreCase), bytes));
        await (Respond is { } respond ? respond(context) : AcceptAsync(context));
    }
}

/// <summary>A request that a receiver got.</summary>
internal sealed record OtlpRequest(string Method, string Path, string? ContentType,
    IReadOnlyDictionary<string, string> Headers, byte[] Message);
