using System.Text.Json;
using Sidestep.Api.Status;
using Sidestep.Model;

namespace Sidestep.Daemon.Metrics;

/// <summary>The status of a director as metrics: one definition of every name, for every form of output.
/// docs/metrics.md lists them.</summary>
internal static class StatusMetrics
{
    /// <summary>Adds all metrics.</summary>
    /// <param name="metrics">Receives them.</param>
    /// <param name="status">The status.</param>
    /// <param name="perServer">True: with series for each server.</param>
    internal static void Add(MetricSet metrics, DirectorStatus status, bool perServer)
    {
        AddDirector(metrics, status);
        AddTraffic(metrics, status);
        AddServices(metrics, status);
        if (perServer)
            ServerMetrics.Add(metrics, status);
        if (status.Health is { } health)
            ProbeMetrics.Add(metrics, health.Probes);
    }

    private static void AddDirector(MetricSet metrics, DirectorStatus status)
    {
        var daemon = status.Daemon;
        metrics.Gauge("build_info", "Version of the daemon; always 1.", "version").Set(1, daemon.Version ?? "");
        metrics.Gauge("engine_info", "The engine that forwards; always 1.", "engine")
            .Set(1, status.Engine.Name());
        if (daemon.Started is { } started)
            metrics.Gauge("start_time_seconds", "When the daemon started, in Unix time.").Set(UnixTime(started));
        metrics.Gauge("revision", "Number of changes since the tables were created.").Set(status.Revision);
        if (status.AppliedAt is { } applied)
            metrics.Gauge("applied_timestamp_seconds", "When the tables changed last, in Unix time.")
                .Set(UnixTime(applied));
        metrics.Gauge("configuration_errors", "Errors of the newest configuration; 0: it is in force.")
            .Set(daemon.Errors.Length);
        metrics.Gauge("degraded", "Functions that do not work as configured although packets are forwarded.")
            .Set(daemon.Degraded.Length);
        metrics.Gauge("unresolved_servers", "Servers without a next hop.").Set(daemon.Unresolved.Length);
        metrics.Gauge("address_conflicts", "Other hosts that answer for VIPs of this director.")
            .Set(status.AddressConflicts.Length);
        metrics.Gauge("overrides", "Real servers whose state or weight an operator has overridden.")
            .Set(status.Overrides.Length);
        metrics.Counter("restored_total",
            "Parts of the daemon's state in the kernel that were gone and that it restored.")
            .Set(daemon.Restored.Sum(static r => r.Times));
        metrics.Counter("failures_total", "Unexpected failures of the daemon's loops.")
            .Set(daemon.Failures.Sum(static f => f.Times));
        metrics.Counter("log_lines_dropped_total", "Lines of the log that were dropped.").Set(daemon.LogLinesDropped);
        if (daemon.Otlp is { } otlp)
        {
            metrics.Counter("otlp_exports_total", "Exports by OTLP that the collector accepted.").Set(otlp.Exports);
            metrics.Counter("otlp_export_failures_total", "Exports by OTLP that failed.").Set(otlp.Failures);
        }
        var attached = metrics.Gauge("interface_attached",
            "1: the engine is attached to the interface; 0: it is gone or detached.", "interface", "driver");
        foreach (var item in status.Interfaces)
            attached.Set(item.Driver is InterfaceDriver.Gone or InterfaceDriver.Detached ? 0 : 1, item.Name,
                JsonNamingPolicy.KebabCaseLower.ConvertName(item.Driver.ToString()));
    }

    private static void AddTraffic(MetricSet metrics, DirectorStatus status)
    {
        AddCounters(metrics, "dropped", "that were dropped", "reason", status.Drops);
        AddCounters(metrics, "answered", "that were answered, punted or delivered locally", "decision",
            status.Responses);
        metrics.Counter("evicted_flows_total", "Tracked flows that were evicted before they were idle.")
            .Set(status.Evicted.Flows);
        metrics.Counter("evicted_fragments_total", "Fragmented datagrams that were evicted before they timed out.")
            .Set(status.Evicted.Fragments);
        metrics.Gauge("tracked_flows", "Flows in the flow table.")
            .Set(status.Pools.Sum(static p => p.Servers.Sum(static s => s.Flows)));
        metrics.Gauge("flow_table_size", "How many flows the flow table tracks at most.").Set(status.FlowTableSize);
        if (status.Workers.IsEmpty)
            return;
        var frames = metrics.Counter("worker_frames_total", "Frames that a forwarding thread processed.", "worker");
        var sent = metrics.Counter("worker_sent_frames_total", "Frames that it passed to devices.", "worker");
        var lost = metrics.Counter("worker_lost_frames_total",
            "Frames that were lost: the receive ring was full, or no device accepted them.", "worker", "direction");
        foreach (var worker in status.Workers)
        {
            frames.Set(worker.Frames, worker.Name);
            sent.Set(worker.Sent, worker.Name);
            lost.Set(worker.RxDropped, worker.Name, "receive");
            lost.Set(worker.TxDropped, worker.Name, "transmit");
        }
    }

    private static void AddCounters(MetricSet metrics, string name, string what, string label,
        IReadOnlyDictionary<string, PacketCounter> counters)
    {
        var packets = metrics.Counter($"{name}_packets_total", $"Frames {what}.", label);
        var bytes = metrics.Counter($"{name}_bytes_total", $"Bytes of the frames {what}.", label);
        foreach (var (key, counter) in counters)
        {
            packets.Set(counter.Packets, key);
            bytes.Set(counter.Bytes, key);
        }
    }

    private static void AddServices(MetricSet metrics, DirectorStatus status)
    {
        string[] labels = ["service", "pool", "encap"];
        var packets = metrics.Counter("service_packets_total", "Frames forwarded to real servers.", labels);
        var bytes = metrics.Counter("service_bytes_total", "Bytes of these frames as they arrived.", labels);
        var available = metrics.Gauge("service_available", "1: a server takes its traffic; 0: none does.", labels);
        foreach (var service in status.Services)
        {
            string[] values = [service.Name, service.Pool, service.Encap];
            packets.Set(service.Packets, values);
            bytes.Set(service.Bytes, values);
            available.Set(service.HasServers ? 1 : 0, values);
        }
    }

    internal static double UnixTime(DateTimeOffset time) => time.ToUnixTimeMilliseconds() / 1000d;
}
