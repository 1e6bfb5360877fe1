using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using Sidestep.Model.Schema;

namespace Sidestep.Model;

/// <summary>The addresses and ports of probes through the DSR path: VIPs of services, and ports.</summary>
public static class ProbeTargets
{
    /// <summary>The monitors of a pool with the targets that each probes on every server; the default monitors if the
    /// pool names none.</summary>
    /// <param name="pool">The pool.</param>
    /// <param name="services">The services that use the pool.</param>
    /// <param name="monitorOf">Finds a monitor by its name.</param>
    /// <param name="isPreferred">Says which targets stay although the services would give others: those that showed
    /// that the servers work. Null: none does.</param>
    public static ImmutableArray<MonitorTargets> Of(Pool pool, IReadOnlyCollection<VirtualService> services,
        Func<string, HealthMonitor> monitorOf, Func<HealthMonitor, ProbeTarget, bool>? isPreferred = null)
    {
        ArgumentNullException.ThrowIfNull(pool);
        ArgumentNullException.ThrowIfNull(monitorOf);
        if (pool.Monitors is { } names)
            return [.. names.Select(monitorOf).Select(m => new MonitorTargets(m, Of(m, services, isPreferred)))];
        var tcp = Of(HealthMonitor.DefaultTcp, services, isPreferred);
        // A TCP service that is new at a VIP does not replace the check that is up there.
        var covered = tcp.Where(t => isPreferred is null || isPreferred(HealthMonitor.DefaultTcp, t)
                || !isPreferred(HealthMonitor.DefaultIcmp, new ProbeTarget(t.Address, 0)))
            .Select(static t => t.Address).ToHashSet();
        ImmutableArray<ProbeTarget> echo = [.. Of(HealthMonitor.DefaultIcmp, services, isPreferred)
            .Where(t => !covered.Contains(t.Address))];
        return
        [
            .. new[] { new MonitorTargets(HealthMonitor.DefaultTcp, tcp),
                new MonitorTargets(HealthMonitor.DefaultIcmp, echo) }
                .Where(static m => !m.Targets.IsEmpty),
        ];
    }

    /// <summary>The port that a monitor probes for a service; 0 without ports; null: the monitor does not suit the
    /// service.</summary>
    /// <param name="type">Type of the monitor.</param>
    /// <param name="own">The monitor's own port, or null.</param>
    /// <param name="protocol">Protocol of the service.</param>
    /// <param name="ports">Ports of the service, ascending.</param>
    public static int? PortFor(MonitorType type, int? own, TransportProtocol protocol, ImmutableArray<PortRange> ports)
    {
        if (type == MonitorType.Icmp)
            return 0;
        int first = ports.IsDefaultOrEmpty ? 0 : ports[0].First;
        if (type == MonitorType.Command)
            return own ?? first;
        var required = type is MonitorType.Udp or MonitorType.Dns ? TransportProtocol.Udp : TransportProtocol.Tcp;
        // A monitor with its own port may probe something else than the service, such as a status page.
        if (own is not null)
            return own;
        return protocol == required && first > 0 ? first : null;
    }

    private static ImmutableArray<ProbeTarget> Of(HealthMonitor monitor, IReadOnlyCollection<VirtualService> services,
        Func<HealthMonitor, ProbeTarget, bool>? isPreferred)
    {
        var targets = new HashSet<ProbeTarget>();
        foreach (var service in services)
        {
            if (PortFor(monitor.Type, monitor.Port, service.Protocol, service.Ports) is not { } port)
                continue;
            foreach (var vip in service.Vips)
            {
                if (AddressIn(vip) is not { } address)
                    continue;
                targets.Add(new ProbeTarget(address, port));
                // A new first port does not replace the port that was the first one before.
                if (isPreferred is not null && monitor.Port is null && port > 0)
                    targets.UnionWith(service.Ports.Select(p => new ProbeTarget(address, p.First))
                        .Where(t => isPreferred(monitor, t)));
            }
        }
        var ordered = InOrder(targets).ToArray();
        return ordered.Length <= Limits.ProbedVips || isPreferred is null ? [.. ordered.Take(Limits.ProbedVips)]
            : [.. InOrder(ordered.OrderByDescending(t => isPreferred(monitor, t)).Take(Limits.ProbedVips))];
    }

    private static IEnumerable<ProbeTarget> InOrder(IEnumerable<ProbeTarget> targets) =>
        targets.OrderBy(static t => t.Address.AddressFamily == AddressFamily.InterNetwork ? 0 : 1)
            .ThenBy(static t => t.Address.ToString(), StringComparer.Ordinal).ThenBy(static t => t.Port);

    /// <summary>The VIP itself; of a prefix, the first host address. Null if no host can have that address.</summary>
    private static IPAddress? AddressIn(IPNetwork vip)
    {
        var bytes = vip.BaseAddress.GetAddressBytes();
        if (vip.PrefixLength < bytes.Length * 8)
            bytes[^1] |= 1;
        var address = new IPAddress(bytes);
        return ReservedAddresses.Of(new IPNetwork(address, bytes.Length * 8)) is null ? address : null;
    }
}

/// <summary>A monitor, and what it probes on every server of a pool.</summary>
/// <param name="Monitor">The monitor.</param>
/// <param name="Targets">At most <see cref="Limits.ProbedVips"/>, IPv4 first.</param>
public sealed record MonitorTargets(HealthMonitor Monitor, ImmutableArray<ProbeTarget> Targets);

/// <summary>The VIP and port that a probe is addressed to.</summary>
/// <param name="Address">The VIP.</param>
/// <param name="Port">0 without ports.</param>
public readonly record struct ProbeTarget(IPAddress Address, int Port);
