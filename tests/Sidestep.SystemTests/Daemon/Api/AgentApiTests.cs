using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using Sidestep.Api;

namespace Sidestep.SystemTests.Daemon.Api;

/// <summary>Authorisation in the agent API: a real daemon, and clients on another node.</summary>
public sealed class AgentApiTests : IDisposable
{
    private const string Listen = Segment.DirectorAddress + ":7443";
    private readonly Segment _segment = new();
    private readonly CertificateAuthority _ca = new("agents");

    public void Dispose()
    {
        _segment.Dispose();
        _ca.Dispose();
    }

    [Fact]
    public async Task An_agent_gets_its_spec_reports_and_drains()
    {
        Start();
        using var client = Client(_ca.Client("server1"));

        var spec = await GetSpecAsync(client, "server1");
        Assert.Equal([Segment.DirectorAddress], spec.Directors.Select(static d => d.ToString()));
        var service = Assert.Single(spec.Services);
        Assert.Equal(("echo", "l2", "udp", Segment.Vip + "/32"),
            (service.Name, service.Dsr, service.Protocol, service.Vips[0].ToString()));

        var response = await client.ReportAsync("server1", Report(AdminStates.Enabled),
            TestContext.Current.CancellationToken);
        Assert.Equal(spec.Revision, response.SpecRevision);

        await client.ReportAsync("server1", Report(AdminStates.Draining), TestContext.Current.CancellationToken);
        Eventually.True(() => StateOf("server1") == "draining", () => $"not drained: {_segment.StatusText()}");
        var agent = _segment.Status().GetProperty("agents").EnumerateArray()
            .Single(static a => a.GetProperty("server").GetString() == "server1");
        Assert.Equal((true, "draining"),
            (agent.GetProperty("connected").GetBoolean(), agent.GetProperty("adminState").GetString()));
        await client.DrainAsync("server1", new DrainRequest(AdminStates.Enabled),
            TestContext.Current.CancellationToken);
        Eventually.True(() => StateOf("server1") == "serving", () => $"still drained: {_segment.StatusText()}");
    }

    [Fact]
    public async Task A_changed_spec_reaches_the_agent_at_once()
    {
        Start();
        using var client = Client(_ca.Client("server1"));
        var before = await GetSpecAsync(client, "server1");

        var waiting = client.GetSpecAsync("server1", before.Revision, TestContext.Current.CancellationToken);
        Assert.False(waiting.IsCompleted);
        _segment.Apply(
            _segment.File with { Services = [.. _segment.File.Services, new UdpService("more", "203.0.113.77", 9)] });

        var after = await waiting.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        Assert.Equal(["echo", "more"], after!.Services.Select(static s => s.Name));
    }

    [Fact]
    public async Task A_client_certificate_of_another_CA_is_rejected_in_the_handshake()
    {
        Start();
        using var otherCa = new CertificateAuthority("agents");
        using var client = Client(otherCa.Client("server1"));
        var error = await Assert.ThrowsAsync<DirectorException>(() =>
            client.GetSpecAsync("server1", null, TestContext.Current.CancellationToken));
        Assert.Null(error.Status);

        using var anonymous = Client(null);
        Assert.Null(
            (await Assert.ThrowsAsync<DirectorException>(() =>
            anonymous.GetSpecAsync("server1", null, TestContext.Current.CancellationToken))).Status);
    }

    [Fact]
    public async Task An_agent_rejects_a_director_certificate_of_another_CA()
    {
        Start();
        using var otherCa = new CertificateAuthority("others");
        using var client = Client(_ca.Client("server1"), otherCa);
        Assert.Null(
            (await Assert.ThrowsAsync<DirectorException>(() =>
            client.GetSpecAsync("server1", null, TestContext.Current.CancellationToken))).Status);
    }

    [Fact]
    public async Task An_agent_cannot_report_for_another_server()
    {
        Start();
        using var client = Client(_ca.Client("server1"));
        var error = await Assert.ThrowsAsync<DirectorException>(() =>
            client.ReportAsync("server2", Report(AdminStates.Draining), TestContext.Current.CancellationToken));
        Assert.Equal(403, error.Status);
        Assert.Contains("the certificate of 'server1' does not authorise requests for 'server2'", error.Message,
            StringComparison.Ordinal);
        Assert.Equal("serving", StateOf("server2"));

        using var unknown = Client(_ca.Client("server9"));
        Assert.Equal(404,
            (await Assert.ThrowsAsync<DirectorException>(() =>
            unknown.GetSpecAsync("server9", null, TestContext.Current.CancellationToken))).Status);
    }

    [Fact]
    public async Task Command_line_endpoints_are_hidden_from_agents()
    {
        Start();
        using var client = Client(_ca.Client("server1"));
        Assert.Equal(404,
            (await Assert.ThrowsAsync<DirectorException>(() =>
            client.GetStatusAsync(TestContext.Current.CancellationToken))).Status);
        Assert.Equal(404,
            (await Assert.ThrowsAsync<DirectorException>(() =>
            client.DiagnoseAsync(new DoctorRequest(), TimeSpan.FromSeconds(9),
            TestContext.Current.CancellationToken))).Status);
    }

    [Fact]
    public async Task Unreadable_certificates_lose_no_packet_and_are_loaded_again_later()
    {
        WriteFiles();
        File.WriteAllText(PathOf("director.key"), "not a key");
        _segment.File = WithApi();
        _segment.Start();
        using var traffic = _segment.Send();
        traffic.WaitUntilAllAnswered();
        Eventually.True(() => Degraded().Contains("node.api.keyFile", StringComparison.Ordinal), () =>
            $"no alarm names the problem: {_segment.StatusText()}");

        WriteFiles();
        using var client = Client(_ca.Client("server1"));
        Eventually.True(() => Degraded().Length == 0, () => $"not tried again: {Degraded()}", TimeSpan.FromSeconds(60));
        Assert.NotEmpty((await GetSpecAsync(client, "server1")).Services);

        // The next connection uses the new certificate of a new authority.
        using var nextCa = new CertificateAuthority("next");
        WriteFiles(nextCa);
        using var renewed = Client(nextCa.Client("server1"), nextCa);
        Eventually.True(() => CanGetSpec(renewed), () => "the new certificates are not used");
        ExchangeAssert.AllAnswered(traffic.Stop());
    }

    private static bool CanGetSpec(DirectorClient client)
    {
        try
        {
            return client.GetSpecAsync("server1", null, CancellationToken.None).GetAwaiter().GetResult() is not null;
        }
        catch (DirectorException)
        {
            return false;
        }
    }

    private void Start()
    {
        WriteFiles();
        _segment.File = WithApi();
        var daemon = _segment.Start();
        daemon.Until("agent API listening on");
    }

    private DirectorConfiguration WithApi() => _segment.File with
    {
        NodeLines = ["api:", $"  listen: [ \"{Listen}\" ]", $"  certFile: {PathOf("director.pem")}",
            $"  keyFile: {PathOf("director.key")}", $"  caFile: {PathOf("authority.pem")}"],
    };

    private void WriteFiles(CertificateAuthority? ca = null)
    {
        ca ??= _ca;
        var (certificate, key) = ca.Issue("director", Segment.DirectorAddress);
        File.WriteAllText(PathOf("authority.pem"), ca.Pem);
        File.WriteAllText(PathOf("director.pem"), certificate);
        File.WriteAllText(PathOf("director.key"), key);
    }

    private string PathOf(string file) => Path.Combine(_segment.Lan.Folder, file);

    private DirectorClient Client(X509Certificate2? certificate, CertificateAuthority? trusted = null)
    {
        var handler = DirectorClient.HandlerFor(certificate, (trusted ?? _ca).Certificates);
        handler.ConnectCallback = Connect;
        return new DirectorClient(handler, new Uri($"https://{Listen}"), Listen);
    }

    /// <summary>Opens a socket in the client's namespace.</summary>
    private async ValueTask<Stream> Connect(SocketsHttpConnectionContext context, CancellationToken cancellation)
    {
        var socket = _segment.Client.Inside(static () =>
            new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp));
        try
        {
            await socket.ConnectAsync(context.DnsEndPoint.Host, context.DnsEndPoint.Port, cancellation);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private static async Task<ServerSpec> GetSpecAsync(DirectorClient client, string server) =>
        await client.GetSpecAsync(server, null, TestContext.Current.CancellationToken)
        ?? throw new InvalidOperationException("no spec");

    private string StateOf(string server) => _segment.Status().GetProperty("pools")[0].GetProperty("servers")
        .EnumerateArray()
        .Single(s => s.GetProperty("name").GetString() == server).GetProperty("state").GetString()!;

    private string Degraded() =>
        string.Join('\n', _segment.Status().GetProperty("daemon").GetProperty("degraded").EnumerateArray()
        .Select(static d => d.GetString()));

    private static AgentReport Report(string adminState) =>
        new()
        {
            AgentVersion = "1",
            OperatingSystem = "linux",
            WallClock = DateTimeOffset.UtcNow,
            AdminState =
        adminState
        };
}
