using Prometheus;

namespace Sidestep.Daemon.Metrics;

/// <summary>Metrics in the text format of Prometheus, version 0.0.4.</summary>
/// <remarks>Each scrape makes a registry of its own, so that a server or service that is removed leaves no
/// series.</remarks>
internal sealed class PrometheusMetrics : MetricSet
{
    private readonly CollectorRegistry _registry = Prometheus.Metrics.NewCustomRegistry();
    private readonly MetricFactory _factory;

    internal PrometheusMetrics() => _factory = Prometheus.Metrics.WithCustomRegistry(_registry);

    /// <summary>Writes all metrics in UTF-8.</summary>
    internal Task WriteAsync(Stream output, CancellationToken cancellation) =>
        _registry.CollectAndExportAsTextAsync(output, cancellation);

    protected override MetricFamily AddGauge(string name, string help, string[] labels)
    {
        var gauge = _factory.CreateGauge(name, help, labels);
        return new MetricFamily((value, values) => gauge.WithLabels(values).Set(value));
    }

    protected override MetricFamily AddCounter(string name, string help, string[] labels)
    {
        var counter = _factory.CreateCounter(name, help, labels);
        return new MetricFamily((value, values) => counter.WithLabels(values).IncTo(value));
    }
}
