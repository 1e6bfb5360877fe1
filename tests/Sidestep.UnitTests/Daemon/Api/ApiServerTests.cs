using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using Sidestep.Control.Agents;
using Sidestep.Daemon;
using Sidestep.Daemon.Api;
using Sidestep.Daemon.Api.Access;
using Sidestep.Model;
using Sidestep.UnitTests.Control;
using Sidestep.UnitTests.Hosting;

namespace Sidestep.UnitTests.Daemon.Api;

public sealed class ApiServerTests : IAsyncDisposable
{
    private readonly TempFolder _folder = new();
    private readonly TestAuthority _authority = new("authority");
    private readonly ManualTime _time = new();
    private readonly TestLog _log = new();
    private readonly List<IReadOnlyList<string>> _problems = [];
    private readonly TestEngineState _engine = new();
    private readonly LongRequests _threads = new();
    private readonly Rest.TestRest _rest = new(TestDirector.Yaml);
    private readonly ApiServer _server;
    private ApiSettings? _settings;
    private MetricsSettings? _metrics;

    private readonly AgentRegistry _agents = new(new DrainOverlay(), "1.0", TimeProvider.System);
    private readonly AccessControl _access;

    public ApiServerTests()
    {
        _agents.Applied(TestDirector.Effective, TestDirector.NextHops);
        _access = new AccessControl(
            new AccessFiles(_folder.Path("access.json"), _folder.Path("audit"), _folder.Path("authority")),
            () => _settings, _agents, _log.Log, TimeProvider.System);
        _server = Server(() => Node(_settings, _metrics));
    }

    private string SocketPath => _folder.Path("api/d.sock");

    [Fact]
    public async Task Command_line_reaches_the_socket_which_only_root_may_open()
    {
        await UpdateAsync();
        Assert.Contains("\"director\":\"edge1\"", await LocalStatusAsync(), StringComparison.Ordinal);
        if (!OperatingSystem.IsWindows())
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(SocketPath));
        Assert.Empty(_problems);
        Assert.Empty(_server.AgentAddresses);
        await _server.CloseAsync();
        Assert.False(File.Exists(SocketPath));
    }

    [Fact]
    public async Task Caller_does_not_wait_for_the_first_update()
    {
        using var returned = new ManualResetEventSlim();
        var hasReturned = new TaskCompletionSource<bool>();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        var server = Server(() =>
        {
            hasReturned.TrySetResult(returned.Wait(TimeSpan.FromSeconds(5)));
            return null;
        });
        var run = server.RunAsync(stop.Token);
        returned.Set();
        Assert.True(await hasReturned.Task);
        await stop.CancelAsync();
        await run;
    }

    [Fact]
    public async Task Socket_that_a_killed_daemon_left_is_replaced()
    {
        Directory.CreateDirectory(Path.GetDirectoryName(SocketPath)!);
        await File.WriteAllTextAsync(SocketPath, "", TestContext.Current.CancellationToken);
        await UpdateAsync();
        Assert.Contains("edge1", await LocalStatusAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Socket_that_cannot_be_created_is_reported_and_tried_again()
    {
        _folder.Write("api", "a file where the folder should be");
        await UpdateAsync();
        var problem = Assert.Single(Assert.Single(_problems));
        Assert.StartsWith($"the command line cannot reach this director ({SocketPath}): ", problem,
            StringComparison.Ordinal);
        Assert.Equal([$"warning: {problem}"], _log.Lines);

        File.Delete(_folder.Path("api"));
        await UpdateAsync();
        Assert.Single(_problems);
        _time.Advance(TimeSpan.FromSeconds(1));
        await UpdateAsync();
        Assert.Empty(_problems[^1]);
        Assert.Contains("edge1", await LocalStatusAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Agent_with_a_certificate_of_the_authority_is_served()
    {
        _settings = Settings();
        await UpdateAsync();
        Assert.Equal(["info: agent API listening on 127.0.0.1:0"], _log.Lines);
        Assert.Equal(HttpStatusCode.OK, await SpecStatusAsync(_authority));
        Assert.Equal(HttpStatusCode.Forbidden, await SpecStatusAsync(_authority, "CN=web2"));
        using var other = new TestAuthority("other");
        await Assert.ThrowsAnyAsync<Exception>(() => SpecStatusAsync(other));
        Assert.Equal(HttpStatusCode.Forbidden, await SpecStatusAsync(null));
    }

    [Fact]
    public async Task Listener_follows_the_settings()
    {
        _settings = Settings();
        await UpdateAsync();
        var first = Assert.Single(_server.AgentAddresses);
        await UpdateAsync();
        Assert.Equal([first], _server.AgentAddresses);

        _settings = _settings with { Tls = _settings.Tls! with { CertFile = _folder.Path("none.pem") } };
        await UpdateAsync();
        Assert.Empty(_server.AgentAddresses);
        Assert.StartsWith("agents cannot reach this director: node.api.certFile: ", Assert.Single(_problems[^1]),
            StringComparison.Ordinal);

        // Other settings are tried at once.
        _settings = Settings();
        await UpdateAsync();
        Assert.Single(_server.AgentAddresses);
        Assert.Empty(_problems[^1]);
        _settings = null;
        await UpdateAsync();
        Assert.Empty(_server.AgentAddresses);
    }

    [Fact]
    public async Task Port_in_use_is_reported()
    {
        using var other = new TcpListener(IPAddress.Loopback, 0);
        other.Start();
        _settings = Settings() with { Listen = [(IPEndPoint)other.LocalEndpoint] };
        await UpdateAsync();
        Assert.StartsWith("agents cannot reach this director: ", Assert.Single(_problems[^1]),
            StringComparison.Ordinal);
        Assert.Empty(_server.AgentAddresses);
    }

    [Fact]
    public async Task Renewed_certificates_are_loaded_while_the_API_runs()
    {
        _settings = Settings();
        await UpdateAsync();
        _folder.Replace("cert.pem", "no certificate");
        await UpdateAsync();
        await UpdateAsync();
        Assert.StartsWith("keeping the previous API certificates: node.api.certFile: ",
            Assert.Single(_problems[^1]), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, await SpecStatusAsync(_authority));

        Settings();
        await UpdateAsync();
        Assert.Empty(_problems[^1]);
        Assert.Equal("info: API certificates reloaded", _log.Lines[^1]);
        Assert.Equal(2, _problems.Count);
    }

    [Fact]
    public async Task Metrics_are_read_on_loopback_without_certificates()
    {
        _metrics = new MetricsSettings { Listen = [new IPEndPoint(IPAddress.Loopback, 0)] };
        await UpdateAsync();
        Assert.Equal(["info: metrics at 127.0.0.1:0"], _log.Lines);
        using var client = new HttpClient();
        var response = await client.GetAsync(MetricsUri(), TestContext.Current.CancellationToken);
        Assert.Equal("text/plain; version=0.0.4; charset=utf-8", $"{response.Content.Headers.ContentType}");
        Assert.Contains("\nsidestep_service_packets_total{",
            await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.NotFound, (await client.GetAsync(new Uri(MetricsUri(), "/api/v1/status"),
            TestContext.Current.CancellationToken)).StatusCode);
        _metrics = null;
        await UpdateAsync();
        Assert.Empty(_server.MetricsAddresses);
    }

    [Theory]
    [InlineData("localhost", HttpStatusCode.OK)]
    [InlineData("[::1]:9000", HttpStatusCode.OK)]
    [InlineData("rebound.example", HttpStatusCode.MisdirectedRequest)]
    public async Task Page_in_a_browser_cannot_read_metrics_by_a_name_of_its_own(string host, HttpStatusCode expected)
    {
        _metrics = new MetricsSettings { Listen = [new IPEndPoint(IPAddress.Loopback, 0)] };
        await UpdateAsync();
        using var client = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Get, MetricsUri());
        request.Headers.Host = host;
        var response = await client.SendAsync(request, TestContext.Current.CancellationToken);
        Assert.Equal(expected, response.StatusCode);
    }

    [Fact]
    public async Task Metrics_by_HTTPS_need_a_certificate_of_the_authority()
    {
        _metrics = new MetricsSettings
        {
            Listen = [new IPEndPoint(IPAddress.Loopback, 0)],
            Tls = Settings().Tls,
        };
        await UpdateAsync();
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(MetricsUri(), _authority, "CN=prometheus"));
        await Assert.ThrowsAnyAsync<Exception>(() => StatusAsync(MetricsUri(), null, ""));
    }

    [Fact]
    public async Task Metrics_that_cannot_be_offered_are_a_problem_of_their_own()
    {
        _settings = Settings();
        _metrics = new MetricsSettings
        {
            Listen = [new IPEndPoint(IPAddress.Loopback, 0)],
            Tls = _settings.Tls! with { CaFile = _folder.Path("none.pem") },
        };
        await UpdateAsync();
        Assert.Single(_server.AgentAddresses);
        Assert.StartsWith("nothing can read metrics over the network: node.metrics.tls.caFile: ",
            Assert.Single(_problems[^1]), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Server_runs_until_it_is_cancelled_and_checks_twice_a_second()
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        var run = _server.RunAsync(stop.Token);
        await Waiting.UntilAsync(() => File.Exists(SocketPath) && _time.NextDue is not null);
        Assert.Empty(_server.AgentAddresses);
        _settings = Settings();
        Assert.Equal(TimeSpan.FromMilliseconds(500), _time.NextDue);
        _time.Advance(TimeSpan.FromMilliseconds(500));
        await Waiting.UntilAsync(() => _server.AgentAddresses.Count == 1);
        await stop.CancelAsync();
        await run.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        Assert.False(File.Exists(SocketPath));
    }

    public async ValueTask DisposeAsync()
    {
        await _server.CloseAsync();
        _access.Dispose();
        _authority.Dispose();
        _rest.Dispose();
        _folder.Dispose();
    }

    private ApiSettings Settings()
    {
        var (certificate, key) = _authority.Issue("CN=edge1");
        _folder.Replace("cert.pem", certificate);
        _folder.Replace("key.pem", key);
        _folder.Replace("ca.pem", _authority.Pem);
        return new ApiSettings
        {
            Listen = [new IPEndPoint(IPAddress.Loopback, 0)],
            Tls = new TlsFiles(_folder.Path("cert.pem"), _folder.Path("key.pem"), _folder.Path("ca.pem")),
        };
    }

    private static NodeSettings Node(ApiSettings? api, MetricsSettings? metrics) =>
        TestDirector.Configuration.Node with { Api = api, Metrics = metrics };

    private ApiServer Server(Func<NodeSettings?> settings)
    {
        var local = new LocalHandlers(static () => Cli.TestDirector.Full,
            static (_, _) => throw new NotSupportedException(), static () => throw new NotSupportedException(),
            static () => throw new NotSupportedException());
        var requests = new RunningDirectorRequests(TestDirector.Configuration.Node.Name, _engine, static () => null);
        var endpoints = new ApiEndpoints(_agents, local, new RunningHandlers(requests, _threads),
            _rest.Endpoints, _rest.Stream,
            new MetricsHandler(static () => Cli.TestDirector.Full, static () => true), _access, _log.Log);
        return new ApiServer(_folder.Path("api/d.sock"), endpoints, _access, settings, _problems.Add,
            TestSupervisor.Create(), _log.Log, _time);
    }

    private Task UpdateAsync() => _server.UpdateAsync(TestContext.Current.CancellationToken);

    private async Task<string> LocalStatusAsync()
    {
        using var handler = new SocketsHttpHandler
        {
            ConnectCallback = async (_, cancellation) =>
            {
                var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                await socket.ConnectAsync(new UnixDomainSocketEndPoint(SocketPath), cancellation);
                return new NetworkStream(socket, ownsSocket: true);
            },
        };
        using var client = new HttpClient(handler);
        return await client.GetStringAsync(new Uri("http://localhost/api/v1/status"),
            TestContext.Current.CancellationToken);
    }

    private Uri MetricsUri() => new(_server.MetricsAddresses.Single() + "/metrics");

    private Task<HttpStatusCode> SpecStatusAsync(TestAuthority? authority, string subject = "CN=web1") =>
        StatusAsync(new Uri(_server.AgentAddresses.Single() + "/api/v1/specs/web1"), authority, subject);

    private async Task<HttpStatusCode> StatusAsync(Uri uri, TestAuthority? authority, string subject)
    {
        using var certificate = authority?.IssueForTls(subject);
        using var handler = new SocketsHttpHandler
        {
            SslOptions = new SslClientAuthenticationOptions
            {
                ClientCertificates = certificate is null ? [] : [certificate],
                CertificateChainPolicy = new X509ChainPolicy
                {
                    TrustMode = X509ChainTrustMode.CustomRootTrust,
                    RevocationMode = X509RevocationMode.NoCheck
                },
            },
        };
        using var root = X509Certificate2.CreateFromPem(_authority.Pem);
        handler.SslOptions.CertificateChainPolicy!.CustomTrustStore.Add(root);
        using var client = new HttpClient(handler);
        var response = await client.GetAsync(uri, TestContext.Current.CancellationToken);
        return response.StatusCode;
    }
}
