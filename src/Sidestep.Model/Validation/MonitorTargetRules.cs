using Sidestep.Model.Schema;

namespace Sidestep.Model.Validation;

/// <summary>A monitor of a pool has a target among the services of the pool.</summary>
internal static class MonitorTargetRules
{
    public static void Check(ConfigurationDocument document, IssueList issues)
    {
        ILookup<string, BoundMapping>? services = null;
        foreach (var pool in document.Pools)
        {
            if (pool.Find(PoolSchema.Name) is not { } name
                || pool.Find(PoolSchema.Monitors) is not { Value.Count: > 0 } monitors)
                continue;
            services ??= document.Services.Where(static s => s.Find(VirtualServiceSchema.Pool) is not null)
                .ToLookup(static s => s.Find(VirtualServiceSchema.Pool)!.Value);
            var users = services[name.Value].ToList();
            if (users.Count == 0 || users.Exists(static s => s.Find(VirtualServiceSchema.Protocol) is null))
                continue;
            foreach (var used in monitors.Value)
            {
                if (document.FindMonitor(used.Value) is not { } monitor
                    || monitor.Find(HealthMonitorSchema.Type) is not { } type)
                    continue;
                int? own = monitor.Find(HealthMonitorSchema.Port)?.Value;
                if (!users.Exists(s => ProbeTargets.PortFor(type.Value, own,
                    s.Value(VirtualServiceSchema.Protocol), VirtualServiceSchema.PortsOf(s)) is not null))
                    issues.Error(used.Path, used.Node,
                        $"this monitor (type: {type.Value.ToString().ToLowerInvariant()}) has no port to probe: no "
                        + "service of this pool has "
                        + (type.Value is MonitorType.Udp or MonitorType.Dns ? "UDP" : "TCP")
                        + " with a port of its own",
                        "Give the monitor a port, or name one of another type");
            }
        }
    }
}
