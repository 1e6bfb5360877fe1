using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;

namespace Sidestep.SystemTests.Daemon.Api;

/// <summary>The export of metrics, to a collector on another machine.</summary>
public sealed class OtlpTests : IDisposable
{
    private readonly Segment _segment = new();
    private readonly CertificateAuthority _authority = new("monitoring");

    [Fact]
    public async Task Collector_gets_the_series_of_metrics_by_both_transports_without_a_restart()
    {
        using var certificate = Certificate();
        await using var http = await ReceiverAsync(grpc: false, 4318, certificate);
        await using var grpc = await ReceiverAsync(grpc: true, 4317, certificate);
        File.WriteAllText(PathOf("authority.pem"), _authority.Pem);
        File.WriteAllText(PathOf("headers"), "Authorization: Bearer secret\n");
        Configure(Line(http, "http/protobuf"));
        _segment.Start();
        await _segment.WaitForApiAsync();
        using var traffic = _segment.Send();
        traffic.WaitForSent(200);
        var exchanges = traffic.Stop();
        ExchangeAssert.AllAnswered(exchanges);

        await AssertSameAsMetricsAsync(http, exchanges.Count);
        _segment.Apply(_segment.File with { NodeLines = [Line(grpc, "grpc")] });
        await AssertSameAsMetricsAsync(grpc, exchanges.Count);
        Assert.All([.. http.Requests, .. grpc.Requests], static r =>
            Assert.Equal("Bearer secret", r.Headers["Authorization"]));
        Assert.Equal($"test@{Environment.MachineName}",
            OtlpMessage.Resource(grpc.Requests[^1].Message)["service.instance.id"]);

        _segment.Apply(_segment.File with { NodeLines = [] });
        Eventually.True(() => Otlp() is null, () => $"still exporting: {Otlp()}");
    }

    [Fact]
    public void Collector_that_does_not_answer_delays_neither_a_change_nor_the_end()
    {
        var address = new IPEndPoint(IPAddress.Parse(Segment.ClientAddress), 4318);
        using var silent = _segment.Client.Inside(() =>
        {
            var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            socket.Bind(address);
            socket.Listen();
            return socket;
        });
        Configure($"otlp: {{ endpoint: \"http://{address}\", interval: 1 }}");
        var daemon = _segment.Start();
        using var connection = silent.Accept();
        Assert.NotEqual(0, connection.Receive(new byte[1]));

        _segment.Apply(_segment.File with { Servers = [Segment.ServerEntry(1)] });
        var clock = Stopwatch.StartNew();
        Assert.Equal(0, daemon.Terminate());
        // A request may take ten seconds.
        Assert.InRange(clock.Elapsed, TimeSpan.Zero, Sidestep.Lab.ScaledTimeout.Seconds(5));
    }

    public void Dispose()
    {
        _segment.Dispose();
        _authority.Dispose();
    }

    private void Configure(string line) => _segment.File = _segment.File with { NodeLines = [line] };

    private string Line(OtlpReceiver receiver, string protocol) =>
        $"otlp: {{ endpoint: \"{receiver.Url}\", protocol: {protocol}, interval: 1, "
        + $"caFile: {PathOf("authority.pem")}, headersFile: {PathOf("headers")} }}";

    private async Task<OtlpReceiver> ReceiverAsync(bool grpc, int port, X509Certificate2 certificate) =>
        await OtlpReceiver.StartAsync(grpc, certificate, new IPEndPoint(IPAddress.Parse(Segment.ClientAddress), port),
            () => _segment.Client.Inside(static () =>
                new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp)));

    private X509Certificate2 Certificate()
    {
        var (certificate, key) = _authority.Issue("collector", Segment.ClientAddress);
        using var ephemeral = X509Certificate2.CreateFromPem(certificate, key);
        return X509CertificateLoader.LoadPkcs12(ephemeral.Export(X509ContentType.Pkcs12), null);
    }

    /// <summary>Waits until an export has the same series and values as <c>/metrics</c>.</summary>
    private async Task AssertSameAsMetricsAsync(OtlpReceiver receiver, int packets)
    {
        var clock = Stopwatch.StartNew();
        while (true)
        {
            var scraped = await ScrapeAsync();
            var exported = receiver.Requests.Count == 0 ? [] : Comparable(
                OtlpMessage.Series(receiver.Requests[^1].Message));
            if (exported.Count > 0 && scraped.SetEquals(exported))
            {
                Assert.Contains(KeyValuePair.Create(
                    """sidestep_service_packets_total{service="echo",pool="pool",encap="l2"}""", (double)packets),
                    exported);
                return;
            }
            Assert.True(clock.Elapsed < Sidestep.Lab.ScaledTimeout.Seconds(30), "only one has:\n" + string.Join('\n',
                scraped.Except(exported).Concat(exported.Except(scraped))) + $"\n{Otlp()}");
            await Task.Delay(50, TestContext.Current.CancellationToken);
        }
    }

    private async Task<HashSet<KeyValuePair<string, double>>> ScrapeAsync()
    {
        using var client = _segment.Http();
        var text = await client.GetStringAsync(new Uri("http://director/metrics"),
            TestContext.Current.CancellationToken);
        return Comparable(text.Split('\n').Where(static l => l.StartsWith("sidestep_", StringComparison.Ordinal))
            .Select(static l => KeyValuePair.Create(l[..l.LastIndexOf(' ')],
                double.Parse(l[(l.LastIndexOf(' ') + 1)..], CultureInfo.InvariantCulture))));
    }

    /// <summary>Without the counts of exports themselves, which each export changes.</summary>
    private static HashSet<KeyValuePair<string, double>> Comparable(IEnumerable<KeyValuePair<string, double>> series) =>
        [.. series.Where(static s => !s.Key.StartsWith("sidestep_otlp_", StringComparison.Ordinal))];

    private JsonElement? Otlp() =>
        _segment.Status().GetProperty("daemon").TryGetProperty("otlp", out var otlp) ? otlp : null;

    private string PathOf(string file) => Path.Combine(_segment.Lan.Folder, file);
}
