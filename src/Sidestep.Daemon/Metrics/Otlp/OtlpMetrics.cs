namespace Sidestep.Daemon.Metrics.Otlp;

/// <summary>Metrics as requests of OTLP: <c>ExportMetricsServiceRequest</c> of opentelemetry-proto 1. Names, labels and
/// values are those of <c>/metrics</c>.</summary>
/// <remarks>The mapping is that of OpenTelemetry's page "Prometheus and OpenMetrics Compatibility": a gauge is a Gauge,
/// a counter is a monotonic cumulative Sum, and a label is an attribute. The unit follows from the suffix of the
/// name.</remarks>
internal sealed class OtlpMetrics : MetricSet
{
    /// <summary>The most points of a request. A point has at most about 400 bytes, because names are bounded; a
    /// receiver of gRPC accepts 4 MiB unless told otherwise.</summary>
    internal const int PointsOfRequest = 5000;

    private const ulong Cumulative = 2;
    private readonly List<Metric> _metrics = [];

    /// <summary>How many series there are.</summary>
    internal int Points => _metrics.Sum(static m => m.Points.Count);

    protected override MetricFamily AddGauge(string name, string help, string[] labels) =>
        Add(name, help, labels, false);

    protected override MetricFamily AddCounter(string name, string help, string[] labels) =>
        Add(name, help, labels, true);

    /// <summary>The requests, each made when it is asked for.</summary>
    /// <param name="resource">The attributes of the director.</param>
    /// <param name="time">When the values were read.</param>
    internal IEnumerable<ReadOnlyMemory<byte>> Requests(OtlpResource resource, DateTimeOffset time)
    {
        ulong nanoseconds = (ulong)(time - DateTimeOffset.UnixEpoch).Ticks * 100;
        for (int first = 0, all = Points; first < all; first += PointsOfRequest)
            yield return Request(resource, nanoseconds, first, Math.Min(first + PointsOfRequest, all));
    }

    private MetricFamily Add(string name, string help, string[] labels, bool isCounter)
    {
        var metric = new Metric(name, help, labels, isCounter, []);
        _metrics.Add(metric);
        return new MetricFamily((value, values) => metric.Points.Add((value, values)));
    }

    private ReadOnlyMemory<byte> Request(OtlpResource resource, ulong time, int first, int end)
    {
        var writer = new ProtobufWriter();
        int resourceMetrics = writer.Begin(1), resourceStart = writer.Begin(1);
        foreach (var (key, value) in resource.Attributes)
            WriteAttribute(writer, 1, key, value);
        writer.End(resourceStart);
        int scopeMetrics = writer.Begin(2), scope = writer.Begin(1);
        writer.WriteText(1, OtlpResource.Scope);
        writer.WriteText(2, resource.Version);
        writer.End(scope);
        int position = 0;
        foreach (var metric in _metrics)
        {
            int from = Math.Max(first - position, 0), to = Math.Min(end - position, metric.Points.Count);
            if (from < to)
                Write(writer, metric, time, from, to);
            position += metric.Points.Count;
        }
        writer.End(scopeMetrics);
        writer.End(resourceMetrics);
        return writer.Written;
    }

    private static void Write(ProtobufWriter writer, Metric metric, ulong time, int from, int to)
    {
        int message = writer.Begin(2);
        writer.WriteText(1, metric.Name);
        writer.WriteText(2, metric.Help);
        if (UnitOf(metric.Name) is { } unit)
            writer.WriteText(3, unit);
        int data = writer.Begin(metric.IsCounter ? 7 : 5);
        for (int i = from; i < to; i++)
        {
            var (value, labels) = metric.Points[i];
            int point = writer.Begin(1);
            writer.WriteFixed(3, time);
            writer.WriteDouble(4, value);
            for (int label = 0; label < labels.Length; label++)
                WriteAttribute(writer, 7, metric.Labels[label], labels[label]);
            writer.End(point);
        }
        if (metric.IsCounter)
        {
            writer.WriteNumber(2, Cumulative);
            writer.WriteNumber(3, 1);
        }
        writer.End(data);
        writer.End(message);
    }

    private static void WriteAttribute(ProtobufWriter writer, int field, string key, string value)
    {
        int attribute = writer.Begin(field);
        writer.WriteText(1, key);
        int any = writer.Begin(2);
        writer.WriteText(1, value);
        writer.End(any);
        writer.End(attribute);
    }

    /// <summary>The unit in the notation of UCUM; null: the name has no suffix of a unit.</summary>
    private static string? UnitOf(string name) =>
        name.EndsWith("_seconds", StringComparison.Ordinal) ? "s"
        : name.EndsWith("_bytes_total", StringComparison.Ordinal) ? "By" : null;

    private sealed record Metric(string Name, string Help, string[] Labels, bool IsCounter,
        List<(double Value, string[] Labels)> Points);
}
