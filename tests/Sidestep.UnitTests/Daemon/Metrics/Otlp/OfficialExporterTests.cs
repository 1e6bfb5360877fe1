using System.Diagnostics.Metrics;
using System.Text.RegularExpressions;
using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using Sidestep.Api.Status;
using Sidestep.Daemon.Metrics;
using Sidestep.Daemon.Metrics.Otlp;
using Sidestep.Model;
using Sidestep.Testing;

namespace Sidestep.UnitTests.Daemon.Metrics.Otlp;

/// <summary>OpenTelemetry's own exporter, with instruments made from <c>/metrics</c>, and Sidestep's send the
/// same.</summary>
public sealed partial class OfficialExporterTests
{
    private static readonly OtlpResource Resource = new("edge1", "host1", "0.1.0");

    [Theory]
    [InlineData(OtlpProtocol.HttpProtobuf, OtlpExportProtocol.HttpProtobuf, "/v1/metrics")]
    [InlineData(OtlpProtocol.Grpc, OtlpExportProtocol.Grpc, "")]
    public async Task Both_send_the_same(OtlpProtocol protocol, OtlpExportProtocol officialProtocol, string path)
    {
        await using var receiver = await OtlpReceiver.StartAsync(protocol == OtlpProtocol.Grpc);
        var status = Cli.TestDirector.Full;
        Export(await Exposition.OfAsync(status), new Uri(receiver.Url + path), officialProtocol);
        await SendAsync(status, new OtlpSettings { Endpoint = receiver.Url, Protocol = protocol });

        // The other one exports once more when it is disposed.
        var (official, ours) = (receiver.Requests[0], receiver.Requests[^1]);
        Assert.Equal((official.Method, official.Path, official.ContentType), (ours.Method, ours.Path,
            ours.ContentType));
        Assert.Equal(OtlpMessage.Canonical(official.Message), OtlpMessage.Canonical(ours.Message));
    }

    private static async Task SendAsync(DirectorStatus status, OtlpSettings settings)
    {
        using var client = new OtlpClient(settings);
        var metrics = new OtlpMetrics();
        StatusMetrics.Add(metrics, status, perServer: true);
        foreach (var request in metrics.Requests(Resource, DateTimeOffset.UtcNow))
            await client.SendAsync(request, TestContext.Current.CancellationToken);
    }

    private static void Export(Exposition exposition, Uri endpoint, OtlpExportProtocol protocol)
    {
        using var meter = new Meter(new MeterOptions(OtlpResource.Scope) { Version = Resource.Version });
        foreach (var (name, (type, help, _)) in exposition.Families)
        {
            var values = exposition.Series.Where(s => s.Key == name
                || s.Key.StartsWith(name + '{', StringComparison.Ordinal)).Select(static s =>
                new Measurement<double>(s.Value, Label().Matches(s.Key).Select(static l =>
                    KeyValuePair.Create(l.Groups["key"].Value, (object?)l.Groups["value"].Value)))).ToArray();
            string? unit = name.Contains("_seconds", StringComparison.Ordinal) ? "s"
                : name.Contains("_bytes_", StringComparison.Ordinal) ? "By" : null;
            if (type == "counter")
                meter.CreateObservableCounter(name, () => values, unit, help);
            else
                meter.CreateObservableGauge(name, () => values, unit, help);
        }
        using var provider = Sdk.CreateMeterProviderBuilder()
            .SetResourceBuilder(ResourceBuilder.CreateEmpty().AddAttributes(
                Resource.Attributes.Select(static a => KeyValuePair.Create(a.Key, (object)a.Value))))
            .AddMeter(OtlpResource.Scope)
            .AddReader(new BaseExportingMetricReader(new OtlpMetricExporter(new OtlpExporterOptions
            {
                Endpoint = endpoint,
                Protocol = protocol,
            })))
            .Build();
        Assert.True(provider.ForceFlush());
    }

    [GeneratedRegex("(?<key>[a-z_]+)=\"(?<value>[^\"]*)\"")]
    private static partial Regex Label();
}
