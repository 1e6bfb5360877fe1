using System.Net;
using Sidestep.Forwarding;
using Sidestep.Model;

namespace Sidestep.Control.Health;

/// <summary>Derives the checks from a configuration. Pure.</summary>
internal static class CheckList
{
    /// <summary>The monitored servers, and the checks of each. Disabled servers have none.</summary>
    /// <param name="configuration">The configuration.</param>
    /// <param name="isVerified">True if a server of the group was up at a target of a monitor. New VIPs must not
    /// displace these targets, which show that the servers work. Null: none was.</param>
    internal static IEnumerable<MonitoredServer> Of(
        EffectiveConfiguration configuration, Func<GroupKey, HealthMonitor, ProbeTarget, bool>? isVerified = null)
    {
        return ConfiguredGroup.Of(configuration).Where(static g => g.Pool.IsMonitored)
            .SelectMany(g => Of(g, configuration, isVerified));
    }

    /// <summary>The servers of one group, and the checks of each.</summary>
    internal static IEnumerable<MonitoredServer> Of(ConfiguredGroup group, EffectiveConfiguration configuration,
        Func<GroupKey, HealthMonitor, ProbeTarget, bool>? isVerified)
    {
        var targets = ProbeTargets.Of(group.Pool, group.Services, configuration.MonitorOf,
            isVerified is null ? null : (monitor, target) => isVerified(group.Key, monitor, target));
        return group.Pool.Servers.Where(static s => s.State != ServerState.Disabled).Select(s => new MonitoredServer(
            group.Key, group.Pool, s, [.. targets.SelectMany(t => ChecksOf(group.Key.Shared, s, t))]));
    }

    private static IEnumerable<Check> ChecksOf(GroupKey group, RealServer server, MonitorTargets targets)
    {
        var monitor = targets.Monitor;
        Check Of(IPAddress target, int port, bool throughDsrPath) =>
            new(new CheckKey(group, server.VrfAddress, monitor.Name, target, port, throughDsrPath), server.Name,
                monitor);
        if (monitor.Probe != ProbePath.Server)
        {
            foreach (var target in targets.Targets)
                yield return Of(target.Address, target.Port, throughDsrPath: true);
        }
        if (monitor.Probe != ProbePath.DsrPath)
        {
            foreach (var port in targets.Targets.Select(static t => t.Port).Distinct())
                yield return Of(server.Address, port, throughDsrPath: false);
        }
    }
}

/// <summary>A server in one group, with all its checks. Groups of one pool may have checks in common.</summary>
/// <param name="Group">Pool, encapsulation and service.</param>
/// <param name="Pool">The pool, which defines how many monitors must be up.</param>
/// <param name="Server">The server.</param>
/// <param name="Checks">May be empty: then the server counts as up.</param>
internal sealed record MonitoredServer(GroupKey Group, Pool Pool, RealServer Server, IReadOnlyList<Check> Checks);
