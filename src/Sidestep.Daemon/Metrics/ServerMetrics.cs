using Sidestep.Api.Status;

namespace Sidestep.Daemon.Metrics;

/// <summary>Series for each real server.</summary>
internal static class ServerMetrics
{
    // The label service is empty where the services of a pool share verdicts and slots.
    private static readonly string[] Labels = ["pool", "encap", "service", "server"];

    internal static void Add(MetricSet metrics, DirectorStatus status)
    {
        AddTraffic(metrics, status);
        if (status.Health is { } health)
            AddHealth(metrics, health);
        AddAgents(metrics, status);
    }

    private static void AddTraffic(MetricSet metrics, DirectorStatus status)
    {
        var packets = metrics.Counter("server_packets_total", "Frames forwarded to the server.", Labels);
        var bytes = metrics.Counter("server_bytes_total", "Bytes of these frames as they arrived.", Labels);
        var flows = metrics.Gauge("server_flows", "Tracked flows of the server.", Labels);
        var slots = metrics.Gauge("server_slots", "Slots of the server.", Labels);
        var weight = metrics.Gauge("server_weight", "Weight; 0: it takes no new flows.", Labels);
        var serving = metrics.Gauge("server_serving", "1: it takes new flows; 0: sidestep status says why not.",
            Labels);
        foreach (var pool in status.Pools)
        {
            foreach (var server in pool.Servers)
            {
                string[] values = [pool.Name, pool.Encap, pool.Service ?? "", server.Name];
                packets.Set(server.Packets, values);
                bytes.Set(server.Bytes, values);
                flows.Set(server.Flows, values);
                slots.Set(server.Slots, values);
                weight.Set(server.Weight, values);
                serving.Set(server.State == ServerCondition.Serving ? 1 : 0, values);
            }
        }
    }

    private static void AddHealth(MetricSet metrics, HealthReport health)
    {
        var healthy = metrics.Gauge("server_healthy", "1: the monitors of the pool find the server healthy.", Labels);
        var path = metrics.Gauge("server_dsr_path_up",
            "1: the DSR path to the server is up; 0: down, or not known yet; missing: no monitor probes it.", Labels);
        foreach (var server in health.Servers)
        {
            string[] values = [server.Pool, server.Encap, server.OfService ?? "", server.Name];
            healthy.Set(server.Healthy ? 1 : 0, values);
            if (server.DsrPath != HealthStatus.NotChecked)
                path.Set(server.DsrPath == HealthStatus.Up ? 1 : 0, values);
        }
    }

    private static void AddAgents(MetricSet metrics, DirectorStatus status)
    {
        var connected = metrics.Gauge("agent_connected", "1: the server's agent reports regularly.", "server");
        var healthy = metrics.Gauge("agent_healthy", "1: its last report found the server healthy.", "server");
        var last = metrics.Gauge("agent_last_report_timestamp_seconds", "Its last report, in Unix time.", "server");
        // A server that was never reported has no agent, or not yet.
        foreach (var agent in status.Agents.Where(static a => a.LastReport is not null))
        {
            connected.Set(agent.Connected ? 1 : 0, agent.Server);
            healthy.Set(agent.Healthy ? 1 : 0, agent.Server);
            last.Set(StatusMetrics.UnixTime(agent.LastReport!.Value), agent.Server);
        }
    }
}
