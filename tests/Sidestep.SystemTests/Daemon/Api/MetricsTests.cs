using System.Net.Sockets;
using System.Text.Json;

namespace Sidestep.SystemTests.Daemon.Api;

/// <summary>Prometheus and its promtool judge the metrics, the alert rules and the example of
/// docs/metrics.md.</summary>
public sealed class MetricsTests : IDisposable
{
    private const string Listen = Segment.DirectorAddress + ":9638", Prometheus = "127.0.0.1:9090";
    private readonly Segment _segment = new();
    private readonly CertificateAuthority _ca = new("monitoring");

    [Fact]
    public void Prometheus_reads_by_TLS_how_many_packets_each_service_and_server_got()
    {
        StartDirector();
        using var traffic = _segment.Send();
        traffic.WaitForSent(200);
        var exchanges = traffic.Stop();
        ExchangeAssert.AllAnswered(exchanges);
        using var prometheus = StartPrometheus();

        Assert.Equal(exchanges.Count, Query("""sum(sidestep_service_packets_total{service="echo"})"""));
        for (var server = 1; server <= 2; server++)
            Assert.Equal(exchanges.Count(e => e.Server == server),
                Query($$"""sidestep_server_packets_total{server="server{{server}}"}"""));
        Assert.Equal(1, Query("""sidestep_service_available{service="echo"}"""));
        Assert.Equal(262_144, Query("sidestep_flow_table_size"));
    }

    [Fact]
    public void Promtool_accepts_the_text_and_the_rules()
    {
        StartDirector();
        File.WriteAllText(PathOf("metrics.txt"), _segment.Client.Run("curl", "--silent", "--fail",
            "--cacert", PathOf("authority.pem"), "--cert", PathOf("prometheus.pem"), "--key", PathOf("prometheus.key"),
            $"https://{Listen}/metrics"));
        Assert.Equal("", Shell.Run("sh", "-c", $"promtool check metrics <{PathOf("metrics.txt")} 2>&1"));
        Shell.Run("promtool", "test", "rules", Path.Combine(Repository.Root, "monitoring/alerts.test.yaml"));
    }

    public void Dispose()
    {
        _segment.Dispose();
        _ca.Dispose();
    }

    private void StartDirector()
    {
        Write("authority.pem", _ca.Pem);
        Issue("director", Segment.DirectorAddress);
        Issue("prometheus", null);
        _segment.File = _segment.File with
        {
            NodeLines = ["metrics:", $"  listen: [ \"{Listen}\" ]", $"  tls: {{ certFile: {PathOf("director.pem")}, "
                + $"keyFile: {PathOf("director.key")}, caFile: {PathOf("authority.pem")} }}"],
        };
        _segment.Start().Until($"metrics at {Listen}");
    }

    private ChildProcess StartPrometheus()
    {
        Write("prometheus.yml", $$"""
            global: { scrape_interval: 1s }
            scrape_configs:
              - job_name: sidestep
                scheme: https
                tls_config: { ca_file: authority.pem, cert_file: prometheus.pem, key_file: prometheus.key }
                static_configs: [ { targets: [ "{{Listen}}" ] } ]
            rule_files: [ {{Path.Combine(Repository.Root, "monitoring/alerts.yaml")}} ]

            """);
        var prometheus = new ChildProcess("prometheus", _segment.Client.Enter("prometheus",
            $"--config.file={PathOf("prometheus.yml")}", $"--storage.tsdb.path={PathOf("tsdb")}",
            $"--web.listen-address={Prometheus}"));
        Eventually.True(() => TryQuery("up{job=\"sidestep\"}") == 1,
            () => $"it does not reach the director:\n{prometheus.CombinedOutput}", TimeSpan.FromSeconds(40));
        return prometheus;
    }

    private double Query(string expression) =>
        TryQuery(expression) ?? throw new InvalidOperationException($"{expression}: no single value");

    /// <summary>Null: Prometheus does not answer yet, or there is no single value.</summary>
    private double? TryQuery(string expression)
    {
        using var handler = new SocketsHttpHandler { ConnectCallback = ConnectAsync };
        using var client = new HttpClient(handler);
        try
        {
            using var answer = JsonDocument.Parse(client.GetStringAsync(
                new Uri($"http://{Prometheus}/api/v1/query?query={Uri.EscapeDataString(expression)}"),
                TestContext.Current.CancellationToken).GetAwaiter().GetResult());
            var results = answer.RootElement.GetProperty("data").GetProperty("result");
            return results.GetArrayLength() == 1 ? double.Parse(results[0].GetProperty("value")[1].GetString()!,
                System.Globalization.CultureInfo.InvariantCulture) : null;
        }
        catch (HttpRequestException)
        {
            return null;
        }
    }

    /// <summary>Opens a socket in the client's namespace.</summary>
    private async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellation)
    {
        var socket = _segment.Client.Inside(static () =>
            new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp));
        await socket.ConnectAsync(context.DnsEndPoint.Host, context.DnsEndPoint.Port, cancellation);
        return new NetworkStream(socket, ownsSocket: true);
    }

    private void Issue(string name, string? address)
    {
        var (certificate, key) = _ca.Issue(name, address);
        Write($"{name}.pem", certificate);
        Write($"{name}.key", key);
    }

    private string PathOf(string file) => Path.Combine(_segment.Lan.Folder, file);

    private void Write(string file, string text) => File.WriteAllText(PathOf(file), text);
}
