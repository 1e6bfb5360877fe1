using Sidestep.Control.Health;
using Sidestep.Daemon.Probes;
using Sidestep.Model;
using Sidestep.UnitTests.Daemon.Api;

namespace Sidestep.UnitTests.Daemon.Probes;

public sealed class HttpProbeTests : IDisposable
{
    private const string Ok = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";
    private static readonly HttpExpectation Expected200 = new("/health", "www.example", [new PortRange(200, 299)],
        null);
    private readonly TestAuthority _authority = new("servers"), _other = new("others");
    private readonly TempFolder _folder = new();

    [Fact]
    public async Task Request_has_path_host_and_closes_the_connection()
    {
        var (result, request) = await RunAsync(Expected200, Ok);
        Assert.Equal(ProbeResult.Success, result);
        Assert.Equal(
            "GET /health HTTP/1.1\r\nHost: www.example\r\nUser-Agent: sidestep\r\nAccept: */*\r\nConnection: "
                + "close\r\n\r\n", request);
    }

    [Fact]
    public async Task Host_is_the_address_without_a_configured_one() =>
        Assert.Contains("\r\nHost: 127.0.0.1\r\n", (await RunAsync(Expected200 with { Host = null }, Ok)).Request,
        StringComparison.Ordinal);

    [Theory]
    [InlineData(200, true)]
    [InlineData(299, true)]
    [InlineData(302, true)]
    [InlineData(300, false)]
    [InlineData(199, false)]
    [InlineData(503, false)]
    public async Task Status_code_must_be_in_a_range(int status, bool succeeds)
    {
        var expectation = Expected200 with { StatusCodes = [new PortRange(200, 299), PortRange.One(302)] };
        var (result, _) = await RunAsync(expectation, $"HTTP/1.0 {status} X\r\n\r\n");
        Assert.Equal(succeeds ? ProbeResult.Success : ProbeResult.WrongAnswer($"status code {status}"), result);
    }

    [Theory]
    [InlineData("", "the server closed the connection without a response")]
    [InlineData("SSH-2.0-OpenSSH\r\n", "the response is not HTTP, or its head is longer than 16 KiB")]
    [InlineData("SSH-2.0-OpenSSH\r\n\r\n", "the response is not HTTP")]
    [InlineData("HTTP/2.0 200 OK\r\n\r\n", "the response is not HTTP")]
    [InlineData("HTTP/1.1 2x0 OK\r\n\r\n", "the response is not HTTP")]
    [InlineData("HTTP/1.1-200 OK\r\n\r\n", "the response is not HTTP")]
    [InlineData("HTTP/1.1 20\r\n\r\n", "the response is not HTTP")]
    public async Task Other_responses_are_failures(string response, string failure) =>
        Assert.Equal(ProbeResult.WrongAnswer(failure), (await RunAsync(Expected200, response)).Result);

    [Theory]
    [InlineData(16_300, true)]
    [InlineData(16_500, false)]
    public async Task Head_is_limited_to_16_KiB(int bytes, bool succeeds) => Assert.Equal(
        succeeds ? ProbeResultKind.Success : ProbeResultKind.Failure,
        (await RunAsync(Expected200, $"HTTP/1.1 200 OK\r\nX: {new string('x', bytes)}\r\n\r\n")).Result.Kind);

    [Fact]
    public async Task Expected_text_is_searched_in_the_body_only_even_if_it_arrives_in_parts()
    {
        var expectation = Expected200 with { ExpectedText = "hello" };
        Assert.Equal(ProbeResult.Success, (await RunAsync(expectation, "HTTP/1.1 200 OK\r\n\r", "\nhe", "llo")).Result);
        Assert.Equal(ProbeResult.WrongAnswer("the 3 bytes of the body do not contain the expected text"),
            (await RunAsync(expectation, "HTTP/1.1 200 OK\r\nX: hello\r\n\r\nbye")).Result);
        Assert.Equal(ProbeResultKind.Failure,
            (await RunAsync(expectation,
            $"HTTP/1.1 200 OK\r\n\r\n{new string('x', 16 * 1024 + 64 * 1024)}hello")).Result.Kind);
    }

    [Theory]
    [InlineData(TlsCheck.None, true, "other.example", null)]
    [InlineData(TlsCheck.Chain, false, "other.example", null)]
    [InlineData(TlsCheck.Name, false, "www.example", null)]
    [InlineData(TlsCheck.Name, false, "other.example", "TLS: the certificate is not for other.example but for CN=www")]
    [InlineData(TlsCheck.Chain, true, "www.example", "TLS: ")]
    public async Task Certificate_is_checked_as_far_as_the_monitor_requires(TlsCheck check, bool isOfOther, string name,
        string? failure)
    {
        var tls = new TlsExpectation(check, _folder.Write("ca.pem", _authority.Pem), name);
        var result = await RunTlsAsync(tls, isOfOther ? _other : _authority);
        if (failure is null)
            Assert.Equal(ProbeResult.Success, result);
        else
            Assert.StartsWith(failure, result.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Certificate_is_checked_by_the_machines_authorities_without_a_CA_file()
    {
        var result = await RunTlsAsync(new TlsExpectation(TlsCheck.Chain, null, "www.example"), _authority);
        Assert.Equal(ProbeResultKind.Failure, result.Kind);
        Assert.StartsWith("TLS: ", result.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task CA_file_that_cannot_be_read_is_named()
    {
        var tls = new TlsExpectation(TlsCheck.Chain, _folder.Path("none.pem"), "www.example");
        Assert.StartsWith($"TLS: cannot read the CA file {_folder.Path("none.pem")}: ",
            (await RunTlsAsync(tls, _authority)).Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Server_without_TLS_is_a_failure()
    {
        var (endpoint, _) = LocalServer.Tcp("", ["HTTP/1.1 400 Bad Request\r\n\r\n"], staysOpen: true);
        var monitor = Monitor(Expected200) with { Tls = new TlsExpectation(TlsCheck.None, null, null) };
        Assert.StartsWith("TLS: ",
            (await HttpProbe.RunAsync(
                endpoint, monitor, new ProbeProgress(), TestContext.Current.CancellationToken)).Reason,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Missing_certificate_is_a_failure_unless_nothing_is_checked()
    {
        var validator = new CertificateValidator(new TlsExpectation(TlsCheck.Chain, null, null));
        Assert.False(
            validator.Accepts(this, null, null, System.Net.Security.SslPolicyErrors.RemoteCertificateNotAvailable));
        Assert.Equal("TLS: the server has no certificate", validator.Error);
        validator = new CertificateValidator(new TlsExpectation(TlsCheck.None, null, null));
        Assert.True(
            validator.Accepts(this, null, null, System.Net.Security.SslPolicyErrors.RemoteCertificateNotAvailable));
    }

    public void Dispose()
    {
        _authority.Dispose();
        _other.Dispose();
        _folder.Dispose();
    }

    private static HealthMonitor Monitor(HttpExpectation expectation) =>
        new() { Name = "http", Type = MonitorType.Http, Http = expectation };

    private static async Task<(ProbeResult Result, string Request)> RunAsync(HttpExpectation expectation,
        params string[] responses)
    {
        var (endpoint, received) = LocalServer.Tcp("\r\n\r\n", responses);
        var result = await HttpProbe.RunAsync(
            endpoint, Monitor(expectation), new ProbeProgress(), TestContext.Current.CancellationToken);
        return (result, await received);
    }

    private static async Task<ProbeResult> RunTlsAsync(TlsExpectation tls, TestAuthority issuer)
    {
        using var certificate = issuer.IssueForTls("CN=www");
        var (endpoint, received) = LocalServer.Tcp("\r\n\r\n", [Ok], certificate);
        var result = await HttpProbe.RunAsync(endpoint, Monitor(Expected200) with { Tls = tls },
            new ProbeProgress(), TestContext.Current.CancellationToken);
        try
        {
            await received;
        }
        catch (Exception e) when (e is System.Security.Authentication.AuthenticationException or IOException)
        {
            // The probe rejected the certificate.
        }
        return result;
    }
}
