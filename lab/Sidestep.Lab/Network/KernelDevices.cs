using Sidestep.Lab.Processes;
using Sidestep.Lab.Topologies;

namespace Sidestep.Lab.Network;

/// <summary>Checks that the kernel supports the devices of a topology. The check also loads their modules.</summary>
internal static class KernelDevices
{
    /// <summary>Exit code of the lab for a topology that this kernel does not support.</summary>
    public const int ExitCode = 3;

    /// <exception cref="LabException">The kernel lacks devices.</exception>
    public static async Task CheckAsync(Topology topology, CancellationToken cancel)
    {
        var lacking = new List<string>();
        foreach (var kind in topology.Needs)
        {
            // In a namespace that ends with the command.
            var probed = await SystemCommand.TryRunAsync(["unshare", "--net", "sh", "-c", Probe(kind)], cancel);
            if (probed.ExitCode != 0)
                lacking.Add(kind);
        }
        if (lacking.Count == 0)
            return;
        throw new LabException(
            $"{topology.Name} needs devices that this kernel ({File.ReadAllText("/proc/sys/kernel/osrelease").Trim()}) "
                + $"lacks: {string.Join(", ", lacking)}. "
            + "Debian's kernels have them: eng/other-kernel 6.1 "
            + $"{Path.GetRelativePath(LabPaths.Repository, LabPaths.Lab)} run {topology.Name} --json")
        {
            ExitCode = ExitCode,
        };
    }

    // Devices load their modules themselves. The module for GUE's sockets has to be loaded explicitly.
    private static string Probe(string kind) => kind switch
    {
        "fou" => "modprobe --quiet fou; ip fou add port 6080 gue",
        "fou6" => "modprobe --quiet fou6; ip -6 fou add port 6080 gue",
        "vlan" => "ip link add name probe type veth && ip link add link probe name probe.2 type vlan id 2",
        "ipip" or "sit" or "gre" => $"ip link add name probe type {kind} local 192.0.2.1 remote 192.0.2.2",
        "ip6tnl" or "ip6gre" => $"ip link add name probe type {kind} local 2001:db8::1 remote 2001:db8::2",
        _ => $"ip link add name probe type {kind}",
    };
}
