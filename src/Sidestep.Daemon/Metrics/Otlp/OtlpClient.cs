using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Sidestep.Model;

namespace Sidestep.Daemon.Metrics.Otlp;

/// <summary>Sends metrics to a collector.</summary>
internal sealed class OtlpClient : IDisposable
{
    /// <summary>How long a request may take; OpenTelemetry's default.</summary>
    internal static readonly TimeSpan RequestTimeout = TimeSpan.FromSeconds(10);

    private const int LargestResponse = 64 * 1024;
    private readonly Uri _endpoint;
    private readonly OtlpTransport _transport;
    private readonly OtlpFiles _files;
    private readonly IReadOnlyList<KeyValuePair<string, string>> _headers;
    private readonly HttpClient _http;

    /// <summary>Reads the files; connects later.</summary>
    /// <exception cref="OtlpException">A file cannot be used.</exception>
    internal OtlpClient(OtlpSettings settings)
    {
        _endpoint = new Uri(settings.Endpoint);
        _transport = OtlpTransport.Of(settings.Protocol);
        _files = new OtlpFiles(settings);
        _headers = _files.ReadHeaders();
        _http = new HttpClient(HandlerFor(_files.ReadAuthorities()))
        {
            Timeout = RequestTimeout,
            MaxResponseContentBufferSize = LargestResponse,
        };
    }

    /// <summary>True if a file has changed: then another client is due.</summary>
    internal bool IsOutdated => _files.HaveChanged;

    /// <summary>Sends one request.</summary>
    /// <param name="message">An <c>ExportMetricsServiceRequest</c>.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <exception cref="OtlpException">The collector did not take all of it.</exception>
    internal async Task SendAsync(ReadOnlyMemory<byte> message, CancellationToken cancellation)
    {
        using var request = _transport.Request(_endpoint, message);
        foreach (var (name, value) in _headers)
            request.Headers.TryAddWithoutValidation(name, value);
        try
        {
            using var response = await _http.SendAsync(request, cancellation).ConfigureAwait(false);
            byte[] body = await response.Content.ReadAsByteArrayAsync(cancellation).ConfigureAwait(false);
            if (OtlpResponse.Rejection(_transport.Unwrap(response, body)) is { } rejection)
                throw new OtlpException(rejection);
        }
        catch (HttpRequestException e)
        {
            var cause = e.InnerException is AuthenticationException or IOException ? e.InnerException : e;
            throw new OtlpException(OtlpResponse.Printable(cause.Message), e) { IsTransient = true };
        }
        catch (OperationCanceledException e) when (!cancellation.IsCancellationRequested)
        {
            throw new OtlpException($"no response within {RequestTimeout.TotalSeconds} seconds", e)
            {
                IsTransient = true,
            };
        }
    }

    public void Dispose() => _http.Dispose();

    /// <summary>Without redirections and proxies: headers reach the configured host only.</summary>
    private static SocketsHttpHandler HandlerFor(X509Certificate2Collection? authorities)
    {
        var policy = new X509ChainPolicy { RevocationMode = X509RevocationMode.NoCheck };
        if (authorities is not null)
        {
            policy.TrustMode = X509ChainTrustMode.CustomRootTrust;
            policy.CustomTrustStore.AddRange(authorities);
        }
        return new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseProxy = false,
            UseCookies = false,
            MaxConnectionsPerServer = 1,
            // So it notices when the collector's name gets another address.
            PooledConnectionLifetime = TimeSpan.FromMinutes(5),
            SslOptions = new SslClientAuthenticationOptions { CertificateChainPolicy = policy },
        };
    }
}
