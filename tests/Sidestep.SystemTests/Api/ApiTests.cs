using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using Sidestep.Api;
using Sidestep.SystemTests.Director;

namespace Sidestep.SystemTests.Api;

/// <summary>Who may say what to a director: a real daemon, and clients on another node.</summary>
public sealed class ApiTests : IDisposable
{
    private const string Listen = Segment.DirectorAddress + ":7443";
    private readonly Segment _segment = new();
    private readonly Authority _authority = new("agents");

    public void Dispose()
    {
        _segment.Dispose();
        _authority.Dispose();
    }

    [Fact]
    public async Task AnAgentGetsItsDutiesAndReportsAndDrains()
    {
        Start();
        using var client = Client(_authority.Client("server1"));

        var duties = await GetAsync(client, "server1");
        Assert.Equal([Segment.DirectorAddress], duties.Directors.Select(static d => d.ToString()));
        var service = Assert.Single(duties.Services);
        Assert.Equal(("echo", "l2", "udp", Segment.Vip + "/32"), (service.Name, service.Dsr, service.Protocol, service.Vips[0].ToString()));

        var answer = await client.ReportAsync("server1", Report(OperatorWish.Enabled), TestContext.Current.CancellationToken);
        Assert.Equal(duties.Revision, answer.DutiesRevision);

        await client.ReportAsync("server1", Report(OperatorWish.Draining), TestContext.Current.CancellationToken);
        Eventually.True(() => StateOf("server1") == "draining", () => $"not drained: {_segment.StatusText()}");
        await client.DrainAsync("server1", new DrainRequest(OperatorWish.Enabled), TestContext.Current.CancellationToken);
        Eventually.True(() => StateOf("server1") == "serving", () => $"still drained: {_segment.StatusText()}");
    }

    [Fact]
    public async Task DutiesThatChangeAreToldAtOnce()
    {
        Start();
        using var client = Client(_authority.Client("server1"));
        var before = await GetAsync(client, "server1");

        var waiting = client.GetDutiesAsync("server1", before.Revision, TestContext.Current.CancellationToken);
        Assert.False(waiting.IsCompleted);
        _segment.Apply(_segment.File with { Services = [.. _segment.File.Services, new ServiceLine("more", "203.0.113.77", 9)] });

        var after = await waiting.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        Assert.Equal(["echo", "more"], after!.Services.Select(static s => s.Name));
    }

    [Fact]
    public async Task ACertificateOfAnotherAuthorityIsRefusedInTheHandshake()
    {
        Start();
        using var stranger = new Authority("agents");
        using var client = Client(stranger.Client("server1"));
        var refused = await Assert.ThrowsAsync<DirectorException>(() => client.GetDutiesAsync("server1", null, TestContext.Current.CancellationToken));
        Assert.Null(refused.Status);

        using var nobody = Client(null);
        Assert.Null((await Assert.ThrowsAsync<DirectorException>(() => nobody.GetDutiesAsync("server1", null, TestContext.Current.CancellationToken))).Status);
    }

    [Fact]
    public async Task AnAgentBelievesNoDirectorOfAnotherAuthority()
    {
        Start();
        using var other = new Authority("others");
        using var client = DirectorClient.Remote(new Uri($"https://{Listen}"), _authority.Client("server1"), other.Certificates, Connect);
        Assert.Null((await Assert.ThrowsAsync<DirectorException>(() => client.GetDutiesAsync("server1", null, TestContext.Current.CancellationToken))).Status);
    }

    [Fact]
    public async Task NobodySpeaksForAnotherServer()
    {
        Start();
        using var client = Client(_authority.Client("server1"));
        var refused = await Assert.ThrowsAsync<DirectorException>(() => client.ReportAsync("server2", Report(OperatorWish.Draining), TestContext.Current.CancellationToken));
        Assert.Equal(403, refused.Status);
        Assert.Contains("'server1', which may not speak for 'server2'", refused.Message, StringComparison.Ordinal);
        Assert.Equal("serving", StateOf("server2"));

        using var unknown = Client(_authority.Client("server9"));
        Assert.Equal(404, (await Assert.ThrowsAsync<DirectorException>(() => unknown.GetDutiesAsync("server9", null, TestContext.Current.CancellationToken))).Status);
    }

    [Fact]
    public async Task WhatIsForTheCommandLineIsNotForAgents()
    {
        Start();
        using var client = Client(_authority.Client("server1"));
        Assert.Equal(404, (await Assert.ThrowsAsync<DirectorException>(() => client.GetStateAsync(TestContext.Current.CancellationToken))).Status);
        Assert.Equal(404, (await Assert.ThrowsAsync<DirectorException>(() => client.DiagnoseAsync(new DoctorRequest(), TimeSpan.FromSeconds(9), TestContext.Current.CancellationToken))).Status);
    }

    [Fact]
    public async Task CertificatesThatCannotBeReadStopNoPacketAndAreTriedAgain()
    {
        WriteFiles();
        File.WriteAllText(PathOf("director.key"), "not a key");
        _segment.File = WithApi();
        _segment.Start();
        using var traffic = _segment.Send();
        traffic.UntilAllAnswered();
        Eventually.True(() => Degraded().Contains("director.api.key", StringComparison.Ordinal), () => $"nobody says what is wrong: {_segment.StatusText()}");

        WriteFiles();
        using var client = Client(_authority.Client("server1"));
        Eventually.True(() => Degraded().Length == 0, () => $"not tried again: {Degraded()}", TimeSpan.FromSeconds(60));
        Assert.NotEmpty((await GetAsync(client, "server1")).Services);

        // A new certificate, of a new authority, is used from the next connection on.
        using var next = new Authority("next");
        WriteFiles(next);
        using var renewed = DirectorClient.Remote(new Uri($"https://{Listen}"), next.Client("server1"), next.Certificates, Connect);
        Eventually.True(() => Works(renewed), () => "the new certificates are not used");
        NoLoss.Among(traffic.Stop());
    }

    private static bool Works(DirectorClient client)
    {
        try
        {
            return client.GetDutiesAsync("server1", null, CancellationToken.None).GetAwaiter().GetResult() is not null;
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
        daemon.Until("agents are heard at");
    }

    private DirectorFile WithApi() => _segment.File with
    {
        More = ["api:", $"  listen: [ \"{Listen}\" ]", $"  certificate: {PathOf("director.pem")}", $"  key: {PathOf("director.key")}", $"  clientAuthority: {PathOf("authority.pem")}"],
    };

    private void WriteFiles(Authority? authority = null)
    {
        authority ??= _authority;
        var (certificate, key) = authority.Issue("director", Segment.DirectorAddress);
        File.WriteAllText(PathOf("authority.pem"), authority.Pem);
        File.WriteAllText(PathOf("director.pem"), certificate);
        File.WriteAllText(PathOf("director.key"), key);
    }

    private string PathOf(string file) => Path.Combine(_segment.Lan.Folder, file);

    private DirectorClient Client(X509Certificate2? certificate) =>
        DirectorClient.Remote(new Uri($"https://{Listen}"), certificate, _authority.Certificates, Connect);

    /// <summary>From the client's node: a socket belongs to the namespace that it was made in.</summary>
    private async ValueTask<Stream> Connect(SocketsHttpConnectionContext context, CancellationToken cancellation)
    {
        var socket = _segment.Client.Inside(static () => new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp));
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

    private static async Task<Duties> GetAsync(DirectorClient client, string server) =>
        await client.GetDutiesAsync(server, null, TestContext.Current.CancellationToken) ?? throw new InvalidOperationException("no duties");

    private string StateOf(string server) => _segment.Status().GetProperty("pools")[0].GetProperty("servers").EnumerateArray()
        .Single(s => s.GetProperty("name").GetString() == server).GetProperty("state").GetString()!;

    private string Degraded() => string.Join('\n', _segment.Status().GetProperty("daemon").GetProperty("degraded").EnumerateArray().Select(static d => d.GetString()));

    private static AgentReport Report(string wish) => new() { AgentVersion = "1", OperatingSystem = "linux", WallClock = DateTimeOffset.UtcNow, Wish = wish };
}
