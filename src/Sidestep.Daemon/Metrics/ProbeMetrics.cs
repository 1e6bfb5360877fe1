using Sidestep.Api.Status;

namespace Sidestep.Daemon.Metrics;

/// <summary>Metrics of the health checks.</summary>
internal static class ProbeMetrics
{
    internal static void Add(MetricSet metrics, ProbeStats probes)
    {
        metrics.Gauge("checks", "Checks: each is one monitor that probes one VIP and port on one server.")
            .Set(probes.Checks);
        metrics.Counter("probes_total", "Probes that started.").Set(probes.Started);
        metrics.Gauge("probes_in_flight", "Probes that have started and not ended.").Set(probes.InFlight);
        metrics.Counter("probes_skipped_total", "Probes that the director skipped because it was late.")
            .Set(probes.Skipped);
        Add(metrics, "probe_lateness_seconds",
            "How late probes started in the last half minute: median, 99 of 100, the longest.", probes.Late);
        Add(metrics, "removal_seconds", "From the result that marks a server down to tables without it.",
            probes.Removal);
        metrics.Counter("removals_total", "Servers that were marked down.").Set(probes.Removal.Count);
        Add(metrics, "admission_seconds", "From the result that marks a server up to tables with it.",
            probes.Admission);
        metrics.Counter("admissions_total", "Servers that were marked up.").Set(probes.Admission.Count);
    }

    /// <summary>A distribution as a gauge per percentile: a summary of Prometheus needs a sum, which is not
    /// known.</summary>
    private static void Add(MetricSet metrics, string name, string help, DurationStats durations)
    {
        var gauge = metrics.Gauge(name, help, "percentile");
        gauge.Set(durations.Median / 1000, "50");
        gauge.Set(durations.P99 / 1000, "99");
        gauge.Set(durations.Longest / 1000, "100");
    }
}
