using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Sidestep.Api.Captures;
using Sidestep.Api.Configurations;
using Sidestep.Api.Events;
using Sidestep.Api.Flows;
using Sidestep.Api.Plans;
using Sidestep.Api.Status;
using Sidestep.Api.Traces;

namespace Sidestep.Api;

/// <summary>Client of a director's API.</summary>
/// <remarks>Every failure is a <see cref="DirectorException"/> whose message says what to do. The caller decides when
/// to retry. Thread-safe.</remarks>
public sealed partial class DirectorClient : IDisposable
{
    /// <summary>Base address of requests through the Unix socket, which needs no name.</summary>
    private static readonly Uri Local = new("http://director/");

    private static readonly TimeSpan RequestTimeout = TimeSpan.FromSeconds(10);

    /// <summary>The plan of a large configuration takes a while, as does counting millions of flows.</summary>
    private static readonly TimeSpan LongTimeout = TimeSpan.FromMinutes(1);

    private readonly HttpClient _http;
    private readonly string _endpoint;

    /// <summary>Sends requests through a handler.</summary>
    /// <param name="handler">Makes the connections; disposed with this object.</param>
    /// <param name="address">Base address of the requests.</param>
    /// <param name="endpoint">The director, for error messages.</param>
    internal DirectorClient(HttpMessageHandler handler, Uri address, string endpoint)
    {
        // Each request has its own timeout.
        _http = new HttpClient(handler) { BaseAddress = address, Timeout = Timeout.InfiniteTimeSpan };
        _endpoint = endpoint;
    }

    /// <summary>Connects to the director on this machine, through its Unix socket.</summary>
    /// <param name="socketPath">Path of the socket (DirectorFiles.SocketPath).</param>
    public static DirectorClient OnThisMachine(string socketPath) => new(
        new SocketsHttpHandler
        {
            ConnectCallback = async (_, cancellation) =>
            {
                var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                try
                {
                    await socket.ConnectAsync(new UnixDomainSocketEndPoint(socketPath), cancellation)
                        .ConfigureAwait(false);
                    return new NetworkStream(socket, ownsSocket: true);
                }
                catch
                {
                    socket.Dispose();
                    throw;
                }
            },
        },
        Local, socketPath);

    /// <summary>Connects to a director over HTTPS with mutual authentication.</summary>
    /// <param name="director">For example <c>https://10.0.0.2:7443</c>; the director's certificate must be valid for
    /// this name or address.</param>
    /// <param name="certificate">The certificate of this server, with its private key.</param>
    /// <param name="caCertificates">The only authorities that may have issued the director's certificate.</param>
    public static DirectorClient Remote(Uri director, X509Certificate2 certificate,
        X509Certificate2Collection caCertificates)
    {
        ArgumentNullException.ThrowIfNull(director);
        return new DirectorClient(HandlerFor(certificate, caCertificates), director, director.ToString());
    }

    /// <summary>Connects to a director that is recognised by its certificate alone, before an agent has one.</summary>
    /// <param name="director">For example <c>https://10.0.0.2:7443</c>.</param>
    /// <param name="sha256">The SHA-256 of the director's certificate, hexadecimal digits.</param>
    public static DirectorClient OfFingerprint(Uri director, string sha256)
    {
        ArgumentNullException.ThrowIfNull(director);
        var handler = HandlerFor(null, []);
        handler.SslOptions.RemoteCertificateValidationCallback = (_, certificate, _, _) =>
            certificate is not null && string.Equals(certificate.GetCertHashString(HashAlgorithmName.SHA256), sha256,
                StringComparison.OrdinalIgnoreCase);
        return new DirectorClient(handler, director, director.ToString());
    }

    /// <summary>Connects to a director for an operator.</summary>
    /// <param name="director">For example <c>https://10.0.0.2:7444</c>.</param>
    /// <param name="token">The bearer token; null: none.</param>
    /// <param name="certificate">The user's certificate, with its private key; null: none.</param>
    /// <param name="authorities">The only authorities that may have issued the director's certificate; null: those that
    /// this machine trusts.</param>
    public static DirectorClient OfOperator(Uri director, string? token, X509Certificate2? certificate,
        X509Certificate2Collection? authorities)
    {
        ArgumentNullException.ThrowIfNull(director);
        var client = new DirectorClient(HandlerFor(certificate, authorities), director, director.ToString());
        if (token is not null)
            client._http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        return client;
    }

    /// <summary>Makes the handler of a remote director: mutual authentication, and a new connection every
    /// minute.</summary>
    /// <param name="certificate">Null: the client does not authenticate, and directors reject it.</param>
    /// <param name="caCertificates">The only authorities that may have issued the director's certificate; null: those
    /// that this machine trusts.</param>
    internal static SocketsHttpHandler HandlerFor(X509Certificate2? certificate,
        X509Certificate2Collection? caCertificates)
    {
        var policy = new X509ChainPolicy { RevocationMode = X509RevocationMode.NoCheck };
        if (caCertificates is not null)
        {
            policy.TrustMode = X509ChainTrustMode.CustomRootTrust;
            policy.CustomTrustStore.AddRange(caCertificates);
        }
        return new SocketsHttpHandler
        {
            ConnectTimeout = RequestTimeout,
            // So the client notices a restarted director, or a new certificate.
            PooledConnectionLifetime = TimeSpan.FromMinutes(1),
            SslOptions = new SslClientAuthenticationOptions
            {
                ClientCertificateContext = certificate is null ? null
                    : SslStreamCertificateContext.Create(certificate, additionalCertificates: null, offline: true),
                CertificateChainPolicy = policy,
            },
        };
    }

    /// <summary>Fetches the spec of a server if it is newer than the caller's.</summary>
    /// <param name="server">The server's name: the common name of its certificate.</param>
    /// <param name="after">The revision that the caller has; null: none, and the response comes at once.</param>
    /// <param name="cancellation">Cancels the request.</param>
    /// <returns>Null: the spec is still <paramref name="after"/>; request it again.</returns>
    /// <exception cref="DirectorException">There is no response, or the director rejected the request.</exception>
    public async Task<ServerSpec?> GetSpecAsync(string server, long? after, CancellationToken cancellation)
    {
        var path = ApiPaths.Spec + Uri.EscapeDataString(server) + (after is { } revision ? $"?after={revision}" : "");
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        return await SendAsync(request, ApiJson.Default.ServerSpec,
            after is null ? RequestTimeout : ApiPaths.LongestPoll + RequestTimeout, cancellation).ConfigureAwait(false);
    }

    /// <summary>Sends a report of a server's agent.</summary>
    /// <exception cref="DirectorException">There is no response, or the director rejected the request.</exception>
    public async Task<ReportResponse> ReportAsync(string server, AgentReport report, CancellationToken cancellation) =>
        await PostAsync(ApiPaths.Reports + Uri.EscapeDataString(server), report, ApiJson.Default.AgentReport,
            ApiJson.Default.ReportResponse, RequestTimeout, cancellation)
            .ConfigureAwait(false) ?? new ReportResponse();

    /// <summary>Sends a request of a real server's operator.</summary>
    /// <exception cref="DirectorException">There is no response, or the director rejected the request.</exception>
    public Task DrainAsync(string server, DrainRequest request, CancellationToken cancellation) =>
        PostAsync(ApiPaths.Drains + Uri.EscapeDataString(server), request, ApiJson.Default.DrainRequest,
            ApiJson.Default.ReportResponse, RequestTimeout, cancellation);

    /// <summary>Fetches the status of the director; on the director's own machine only.</summary>
    /// <exception cref="DirectorException">There is no response, or the director rejected the request.</exception>
    public Task<DirectorStatus> GetStatusAsync(CancellationToken cancellation) =>
        GetAsync(ApiPaths.Status, ApiJson.Default.DirectorStatus, cancellation);

    /// <summary>Fetches the directors of the group.</summary>
    /// <exception cref="DirectorException">There is no response, or the director rejected the request.</exception>
    public Task<DirectorList> GetDirectorsAsync(CancellationToken cancellation) =>
        GetAsync(ApiPaths.Directors, ApiJson.Default.DirectorList, cancellation);

    /// <summary>Fetches the agents of the real servers.</summary>
    /// <exception cref="DirectorException">There is no response, or the director rejected the request.</exception>
    public Task<AgentList> GetAgentsAsync(CancellationToken cancellation) =>
        GetAsync(ApiPaths.Agents, ApiJson.Default.AgentList, cancellation);

    /// <summary>Requests a diagnosis; on the director's own machine only.</summary>
    /// <param name="doctor">What to examine.</param>
    /// <param name="timeout">How long to wait for the diagnosis.</param>
    /// <param name="cancellation">Cancels the request.</param>
    /// <exception cref="DirectorException">There is no response, or the director rejected the request.</exception>
    public Task<DoctorReport> DiagnoseAsync(DoctorRequest doctor, TimeSpan timeout,
        CancellationToken cancellation) => RequireAsync(
        PostAsync(ApiPaths.Doctor, doctor, ApiJson.Default.DoctorRequest, ApiJson.Default.DoctorReport, timeout,
            cancellation));

    /// <summary>Reads tracked flows; on the director's own machine only.</summary>
    /// <param name="flows">Which flows.</param>
    /// <param name="visit">Receives each flow, if the request lists them; its exceptions are passed on.</param>
    /// <param name="cancellation">Cancels the request.</param>
    /// <exception cref="DirectorException">There is no response, or the director rejected the request.</exception>
    public async Task<FlowsReport> ReadFlowsAsync(FlowsRequest flows, Action<FlowRecord> visit,
        CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(flows);
        ArgumentNullException.ThrowIfNull(visit);
        using var request = new HttpRequestMessage(HttpMethod.Get, flows.ToPath());
        var lines = await OpenAsync(request, ApiJson.Default.FlowsLine, cancellation).ConfigureAwait(false);
        await using (lines.ConfigureAwait(false))
        {
            while (await lines.ReadAsync().ConfigureAwait(false) is { } line)
            {
                if (line.Report is { } report)
                    return report;
                if (line.Problem is { } problem)
                    throw lines.Rejected(problem);
                if (line.Flow is { } flow)
                    visit(flow);
            }
            throw lines.Incomplete();
        }
    }

    /// <summary>Starts a capture; on the director's own machine only.</summary>
    /// <returns>The running capture.</returns>
    /// <exception cref="DirectorException">There is no response, or the director rejected the request.</exception>
    public async Task<CaptureReader> CaptureAsync(CaptureRequest capture, CancellationToken cancellation)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, ApiPaths.Capture);
        request.Content = JsonContent.Create(capture, ApiJson.Default.CaptureRequest);
        return new CaptureReader(await OpenAsync(request, ApiJson.Default.CaptureLine, cancellation)
            .ConfigureAwait(false));
    }

    /// <summary>Requests the plan of a configuration; on the director's own machine only.</summary>
    /// <exception cref="DirectorException">There is no response, or the director rejected the request.</exception>
    public Task<PlanReport> PlanAsync(PlanRequest plan, CancellationToken cancellation) => RequireAsync(
        PostAsync(ApiPaths.Plan, plan, ApiJson.Default.PlanRequest, ApiJson.Default.PlanReport, LongTimeout,
            cancellation));

    /// <summary>Traces a frame, which the director neither sends nor counts; on the director's own machine
    /// only.</summary>
    /// <exception cref="DirectorException">There is no response, or the director rejected the request.</exception>
    public Task<TraceReport> TraceAsync(TraceRequest trace, CancellationToken cancellation) => RequireAsync(
        PostAsync(ApiPaths.Trace, trace, ApiJson.Default.TraceRequest, ApiJson.Default.TraceReport, LongTimeout,
            cancellation));

    /// <summary>Fetches the latest events of the daemon; on the director's own machine only.</summary>
    /// <exception cref="DirectorException">There is no response, or the director rejected the request.</exception>
    public Task<EventsReport> GetEventsAsync(CancellationToken cancellation) =>
        GetAsync(ApiPaths.Events, ApiJson.Default.EventsReport, cancellation);

    /// <summary>Fetches the latest revisions of the configuration; on the director's own machine only.</summary>
    /// <exception cref="DirectorException">There is no response, or the director rejected the request.</exception>
    public Task<RevisionsReport> GetRevisionsAsync(CancellationToken cancellation) =>
        GetAsync(ApiPaths.Revisions, ApiJson.Default.RevisionsReport, cancellation);

    /// <inheritdoc/>
    public void Dispose() => _http.Dispose();

    private async Task<T> GetAsync<T>(string path, JsonTypeInfo<T> type, CancellationToken cancellation)
        where T : class
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        return await RequireAsync(SendAsync(request, type, RequestTimeout, cancellation)).ConfigureAwait(false);
    }

    private async Task<TResponse?> PostAsync<TBody,
        TResponse>(string path, TBody body, JsonTypeInfo<TBody> bodyType, JsonTypeInfo<TResponse> responseType,
        TimeSpan timeout, CancellationToken cancellation) where TResponse : class
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path);
        request.Content = JsonContent.Create(body, bodyType);
        return await SendAsync(request, responseType, timeout, cancellation).ConfigureAwait(false);
    }

    private async Task<T> RequireAsync<T>(Task<T?> response) where T : class =>
        await response.ConfigureAwait(false) ?? throw new DirectorException($"{_endpoint} sent an empty response");

    private Task<T?> SendAsync<T>(HttpRequestMessage request, JsonTypeInfo<T> type, TimeSpan timeout,
        CancellationToken cancellation) where T : class => TryAsync(timeout, async limit =>
        {
            using var response = await _http.SendAsync(request, limit).ConfigureAwait(false);
            if (response.StatusCode is HttpStatusCode.NotModified or HttpStatusCode.NoContent)
                return null;
            if (response.IsSuccessStatusCode)
                return await response.Content.ReadFromJsonAsync(type, limit).ConfigureAwait(false);
            throw await ReadErrorAsync(response, limit).ConfigureAwait(false);
        }, cancellation);

    /// <summary>Sends a request whose response is a stream of lines, and waits for its beginning.</summary>
    private Task<LineReader<T>> OpenAsync<T>(HttpRequestMessage request, JsonTypeInfo<T> type,
        CancellationToken cancellation) where T : class => TryAsync(LongTimeout, async limit =>
        {
            var response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, limit)
                .ConfigureAwait(false);
            try
            {
                return response.IsSuccessStatusCode
                    ? await LineReader<T>.OpenAsync(response, type, _endpoint, LongTimeout, cancellation)
                        .ConfigureAwait(false)
                    : throw await ReadErrorAsync(response, limit).ConfigureAwait(false);
            }
            catch
            {
                response.Dispose();
                throw;
            }
        }, cancellation);

    /// <summary>Runs a request, and turns its failure into a <see cref="DirectorException"/>.</summary>
    private async Task<T> TryAsync<T>(TimeSpan timeout, Func<CancellationToken, Task<T>> send,
        CancellationToken cancellation)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(timeout);
        try
        {
            return await send(limit.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException e) when (!cancellation.IsCancellationRequested)
        {
            throw new DirectorException($"{_endpoint} did not respond within {timeout.TotalSeconds:0} s", e);
        }
        catch (HttpRequestException e)
        {
            throw Unreachable(e);
        }
        catch (JsonException e)
        {
            throw DirectorException.NotUnderstood(_endpoint, e);
        }
    }

    private async Task<DirectorException> ReadErrorAsync(HttpResponseMessage response, CancellationToken cancellation)
    {
        var problem = response.Content.Headers.ContentType?.MediaType == ApiProblem.MediaType
            ? await response.Content.ReadFromJsonAsync(ApiJson.Default.ApiProblem, cancellation).ConfigureAwait(false)
                : null;
        return problem is not null ? DirectorException.Rejected(_endpoint, problem)
            : new DirectorException(
                $"{_endpoint} rejected the request: {(int)response.StatusCode} {response.ReasonPhrase}")
            {
                Status = (int)response.StatusCode,
            };
    }

    private DirectorException Unreachable(HttpRequestException e)
    {
        var error = (e.InnerException as SocketException)?.SocketErrorCode;
        var remedy = error == SocketError.AccessDenied ? ". Run as root" : "";
        return new DirectorException($"{_endpoint} cannot be reached: {Innermost(e)}{remedy}", e)
        {
            // A missing path is an address that is not available; a killed daemon leaves a socket that refuses.
            HasNoListener = error is SocketError.AddressNotAvailable or SocketError.ConnectionRefused,
        };
    }

    /// <summary>The messages of all inner exceptions: only they say what is wrong with a certificate.</summary>
    private static string Innermost(Exception e) =>
        e.InnerException is null || e.InnerException.Message == e.Message ? e.Message
            : $"{e.Message} {Innermost(e.InnerException)}";
}
