using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Sidestep.Api;
using Sidestep.Daemon.Api.Access;

namespace Sidestep.Daemon.Api;

/// <summary>A web server of the daemon: Kestrel, routing and authorisation, and nothing else of ASP.NET.</summary>
internal sealed class ApiListener : IAsyncDisposable
{
    private const int MaxLocalConnections = 512;
    private static readonly TimeSpan HandshakeTimeout = TimeSpan.FromSeconds(10);

    private readonly WebApplication _application;

    private ApiListener(WebApplication application) => _application = application;

    /// <summary>Listens on a Unix socket, which only root may open.</summary>
    /// <exception cref="IOException">The socket cannot be created.</exception>
    internal static async Task<ApiListener> OnSocketAsync(string path, ApiEndpoints endpoints,
        CancellationToken cancellation)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        // A socket that a killed daemon left. The lock guarantees that no other daemon uses it.
        File.Delete(path);
        var listener = await StartAsync(kestrel =>
        {
            kestrel.Limits.MaxConcurrentConnections = MaxLocalConnections;
            kestrel.Limits.MaxRequestBodySize = ApiPaths.LongestLocalBody;
            // A person may read a listing through a pager; LineWriter has a limit of its own.
            kestrel.Limits.MinResponseDataRate = null;
            kestrel.ListenUnixSocket(path, static options => options.Use(static next => connection =>
            {
                if (connection.Features.Get<IConnectionSocketFeature>()?.Socket is { } socket)
                    connection.Features.Set(PeerCredentials.Of(socket));
                return next(connection);
            }));
        }, endpoints.Local, endpoints.Log, cancellation).ConfigureAwait(false);
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        return listener;
    }

    /// <summary>Listens on the network.</summary>
    /// <param name="settings">Addresses and ports.</param>
    /// <param name="certificates">For HTTPS; null: HTTP.</param>
    /// <param name="site">What it serves.</param>
    /// <param name="limits">Its limits.</param>
    /// <param name="log">Receives faults of handlers.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <exception cref="IOException">An address is not one of this machine, or a port is in use.</exception>
    internal static Task<ApiListener> OnNetworkAsync(ListenerSettings settings, ApiCertificates? certificates,
        ApiSite site, ListenerLimits limits, ILogger log, CancellationToken cancellation) =>
        StartAsync(kestrel =>
        {
            limits.Apply(kestrel.Limits);
            foreach (var endpoint in settings.Listen)
            {
                kestrel.Listen(endpoint, options =>
                {
                    if (certificates is not null)
                        options.UseHttps(new TlsHandshakeCallbackOptions
                        {
                            HandshakeTimeout = HandshakeTimeout,
                            OnConnection = _ => ValueTask.FromResult(certificates.Options()),
                        });
                });
            }
        }, site, log, cancellation);

    /// <summary>What it serves.</summary>
    internal IReadOnlyList<Endpoint> Endpoints =>
        _application.Services.GetRequiredService<EndpointDataSource>().Endpoints;

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

    private static async Task<ApiListener> StartAsync(Action<KestrelServerOptions> configure,
        ApiSite site, ILogger log, CancellationToken cancellation)
    {
        var application = Build(configure, site, log);
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

    /// <summary>A web application that does not listen yet. Its order: audit, errors, limits, authentication, route,
    /// policy, handler.</summary>
    /// <param name="configure">Adds the listeners.</param>
    /// <param name="site">What it serves.</param>
    /// <param name="log">Receives faults of handlers.</param>
    internal static WebApplication Build(Action<KestrelServerOptions> configure, ApiSite site, ILogger log)
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
        builder.Services.AddRoutingCore();
        builder.Services.AddAuthorization(ApiPolicies.Add);
        builder.Services.AddSingleton<IAuthorizationMiddlewareResultHandler, RejectedRequests>();
        var application = builder.Build();
        foreach (var outer in site.Outer)
            application.Use(outer);
        application.Use(new ApiErrors(log).HandleAsync);
        foreach (var inner in site.Inner)
            application.Use(inner);
        application.UseRouting();
        application.UseAuthorization();
        site.Map(application);
        application.UseEndpoints(static _ => { });
        return application;
    }

    private sealed class NoLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
