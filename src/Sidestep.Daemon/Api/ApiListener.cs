using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Sidestep.Api;
using Sidestep.Model;

namespace Sidestep.Daemon.Api;

/// <summary>A web server of the daemon: Kestrel with one handler, and nothing else of ASP.NET.</summary>
internal sealed class ApiListener : IAsyncDisposable
{
    /// <summary>Each real server holds one connection; the number is above the largest installation.</summary>
    private const int MaxConnections = 20_000;

    private const int MaxLocalConnections = 64;
    private static readonly TimeSpan HandshakeTimeout = TimeSpan.FromSeconds(10);

    private readonly WebApplication _application;

    private ApiListener(WebApplication application) => _application = application;

    /// <summary>Listens on a Unix socket. Only root may open it, because requests on it need no
    /// authorisation.</summary>
    /// <exception cref="IOException">The socket cannot be created.</exception>
    internal static async Task<ApiListener> OnSocketAsync(string path, RequestDelegate handler,
        CancellationToken cancellation)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        // A socket that a killed daemon left. The lock guarantees that no other daemon uses it.
        File.Delete(path);
        var listener = await StartAsync(kestrel =>
        {
            kestrel.Limits.MaxConcurrentConnections = MaxLocalConnections;
            kestrel.Limits.MaxRequestBodySize = ApiPaths.LongestLocalBody;
            kestrel.ListenUnixSocket(path);
        }, handler, cancellation).ConfigureAwait(false);
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        return listener;
    }

    /// <summary>Listens for agents by HTTPS.</summary>
    /// <exception cref="IOException">An address is not one of this machine, or a port is in use.</exception>
    internal static Task<ApiListener> OnNetworkAsync(ApiSettings settings, ApiCertificates certificates,
        RequestDelegate handler, CancellationToken cancellation) =>
        StartAsync(kestrel =>
        {
            kestrel.Limits.MaxConcurrentConnections = MaxConnections;
            foreach (var endpoint in settings.Listen)
            {
                kestrel.Listen(endpoint, options => options.UseHttps(new TlsHandshakeCallbackOptions
                {
                    HandshakeTimeout = HandshakeTimeout,
                    OnConnection = _ => ValueTask.FromResult(certificates.Options()),
                }));
            }
        }, handler, cancellation);

    /// <summary>The addresses that it listens at, as URLs.</summary>
    internal IReadOnlyCollection<string> Addresses => [.. _application.Urls];

    public async ValueTask DisposeAsync()
    {
        using var timeout = new CancellationTokenSource(TimeSpan.FromMilliseconds(500));
        try
        {
            await _application.StopAsync(timeout.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // Requests that took too long were aborted.
        }
        await _application.DisposeAsync().ConfigureAwait(false);
    }

    private static async Task<ApiListener> StartAsync(Action<KestrelServerOptions> configure, RequestDelegate handler,
        CancellationToken cancellation)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = ApiPaths.LongestBody;
            configure(kestrel);
        }).UseKestrelHttpsConfiguration();
        // The daemon handles signals itself.
        builder.Services.AddSingleton<IHostLifetime, NoLifetime>();
        var application = builder.Build();
        application.Run(handler);
        try
        {
            await application.StartAsync(cancellation).ConfigureAwait(false);
            return new ApiListener(application);
        }
        catch
        {
            await application.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    private sealed class NoLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
