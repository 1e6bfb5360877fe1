using Prometheus;

namespace Sidestep.Daemon.Metrics;

/// <summary>The metrics of one scrape. Their names begin with <c>sidestep_</c>.</summary>
internal sealed class MetricSet
{
    private const string Prefix = "sidestep_";
    private readonly CollectorRegistry _registry = Prometheus.Metrics.NewCustomRegistry();
    private readonly MetricFactory _factory;

    internal MetricSet() => _factory = Prometheus.Metrics.WithCustomRegistry(_registry);

    /// <summary>Adds a value that goes up and down.</summary>
    internal MetricFamily Gauge(string name, string help, params string[] labels)
    {
        var gauge = _factory.CreateGauge(Prefix + name, help, labels);
        return new MetricFamily((value, values) => gauge.WithLabels(values).Set(value));
    }

    /// <summary>Adds a value that only goes up, until the state of the engine is created anew.</summary>
    internal MetricFamily Counter(string name, string help, params string[] labels)
    {
        var counter = _factory.CreateCounter(Prefix + name, help, labels);
        return new MetricFamily((value, values) => counter.WithLabels(values).IncTo(value));
    }

    internal Task WriteAsync(Stream output, CancellationToken cancellation) =>
        _registry.CollectAndExportAsTextAsync(output, cancellation);
}

/// <summary>A metric with its series.</summary>
internal sealed class MetricFamily(Action<double, string[]> set)
{
    /// <summary>Sets one series.</summary>
    /// <param name="value">The value.</param>
    /// <param name="labels">The values of the labels, in their order.</param>
    internal void Set(double value, params string[] labels) => set(value, labels);
}
