namespace Sidestep.Daemon.Metrics;

/// <summary>Receives the metrics of one status, in one form of output. Their names begin with
/// <c>sidestep_</c>.</summary>
internal abstract class MetricSet
{
    private const string Prefix = "sidestep_";

    /// <summary>Adds a value that goes up and down.</summary>
    internal MetricFamily Gauge(string name, string help, params string[] labels) =>
        AddGauge(Prefix + name, help, labels);

    /// <summary>Adds a value that only goes up, until the state of the engine is created anew.</summary>
    internal MetricFamily Counter(string name, string help, params string[] labels) =>
        AddCounter(Prefix + name, help, labels);

    protected abstract MetricFamily AddGauge(string name, string help, string[] labels);

    protected abstract MetricFamily AddCounter(string name, string help, string[] labels);
}

/// <summary>A metric with its series.</summary>
internal sealed class MetricFamily(Action<double, string[]> set)
{
    /// <summary>Sets one series.</summary>
    /// <param name="value">The value.</param>
    /// <param name="labels">The values of the labels, in their order.</param>
    internal void Set(double value, params string[] labels) => set(value, labels);
}
