using System.Net.Sockets;
using Sidestep.Model.Schema;

namespace Sidestep.Model.Validation;

/// <summary>A probe through the DSR path has an address of the director as its source, so the director needs one of the
/// VIP's family.</summary>
internal static class ProbeSourceRules
{
    public static void Check(ConfigurationDocument document, List<HostInterface> interfaces, IssueList issues)
    {
        var missing = new[] { AddressFamily.InterNetwork, AddressFamily.InterNetworkV6 }
            .Where(f => !interfaces.Exists(i =>
                i.Addresses.Any(a => a.Address.AddressFamily == f && !a.Address.IsIPv6LinkLocal))).ToList();
        if (missing.Count == 0)
            return;
        var reported = new HashSet<(BoundMapping, AddressFamily)>();
        foreach (var service in document.Services)
        {
            if (!service.Value(VirtualServiceSchema.Enabled) || document.PoolOf(service) is not { } pool
                || !GoesThroughDsrPath(document, pool))
                continue;
            foreach (var vip in VirtualServiceSchema.VipsOf(service))
            {
                var family = vip.Value.BaseAddress.AddressFamily;
                if (!missing.Contains(family) || !reported.Add((pool, family)))
                    continue;
                string word = family == AddressFamily.InterNetwork ? "IPv4" : "IPv6";
                issues.Error(vip.Path, vip.Node,
                    $"monitors probe this VIP through the DSR path, but no interface of the director "
                    + $"({string.Join(", ", interfaces.Select(static i => i.Name))}) has a global {word} address for "
                    + "the response",
                    $"Add a global {word} address to one of them, or give the pool monitors with probe: server and "
                    + "allowUnverifiedDsrPath: true");
            }
        }
    }

    private static bool GoesThroughDsrPath(ConfigurationDocument document, BoundMapping pool) =>
        pool.Find(PoolSchema.Monitors) is not { } monitors
        || monitors.Value.Any(n => document.FindMonitor(n.Value)?.Value(HealthMonitorSchema.Probe) is ProbePath.DsrPath
            or ProbePath.Both);
}
