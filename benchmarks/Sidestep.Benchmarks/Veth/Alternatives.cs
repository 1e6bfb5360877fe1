using System.Globalization;
using System.Net;
using System.Text;

namespace Sidestep.Benchmarks.Veth;

/// <summary>Alternatives to the director at layer 2 on Linux: a hash chooses one of the same number of
/// servers.</summary>
internal static class Alternatives
{
    internal const string Nftables = "veth-nftables", Ipvs = "veth-ipvs";

    private const int Servers = XdpDirector.Servers;

    private static readonly IPAddress Vip = IPAddress.Parse("198.18.100.3");

    /// <summary>nftables in the ingress hook of the device: a hash, a map of Ethernet addresses, and fwd.</summary>
    /// <exception cref="BenchmarkException">It cannot be set up; contains the reason.</exception>
    internal static Forwarder ByNftables(VethPair veth)
    {
        var map = string.Join(", ", Enumerable.Range(0, Servers).Select(static s => $"{s} : {Workloads.MacOf(s)}"));
        var rules = $$"""
            table netdev balancer {
              chain in {
                type filter hook ingress device "{{veth.Name}}" priority 0;
                ip daddr {{Vip}} tcp dport {{Workloads.Port}} \
                ether saddr set {{Workloads.DirectorMac}} ether daddr set jhash ip saddr mod {{Servers}} seed 0x5eed \
                map { {{map}} } fwd to "{{veth.Name}}"
              }
            }
            """;
        SystemCommand.Run(Testbed.InNamespace(Testbed.ForwarderNamespace, "nft", "-f", "-"), rules);
        EnableGro(veth);
        return new Forwarder(Nftables, "nftables, netdev ingress, jhash, map, fwd", veth, Vip, false, Servers);
    }

    /// <summary>IPVS with its consistent hash (Maglev) of the source address, and direct routing.</summary>
    /// <exception cref="BenchmarkException">It cannot be set up; contains the reason.</exception>
    internal static Forwarder ByIpvs(VethPair veth)
    {
        SystemCommand.Try(["modprobe", "ip_vs_mh"]);
        Testbed.Enter(Testbed.ForwarderNamespace);
        if (!Directory.Exists("/proc/sys/net/ipv4/vs"))
            throw new BenchmarkException("this kernel has no IPVS");
        // IPVS then also balances packets of connections whose start it has not seen.
        File.WriteAllText("/proc/sys/net/ipv4/vs/sloppy_tcp", "1");
        foreach (var which in (string[])["all", "default", veth.Name])
            File.WriteAllText($"/proc/sys/net/ipv4/conf/{which}/rp_filter", "0");
        var links =
            new StringBuilder(
                $"address add {Vip}/32 dev {veth.Name}\naddress add 192.0.2.1/32 dev {veth.Name}\nroute add default "
                    + $"dev {veth.Name} src 192.0.2.1\n");
        var services = new StringBuilder($"-A -t {Vip}:{Workloads.Port} -s mh\n");
        for (var server = 0; server < Servers; server++)
        {
            links.Append(CultureInfo.InvariantCulture,
                $"neighbour replace {Workloads.ServerAt(server)} lladdr {Workloads.MacOf(server)} dev {veth.Name} "
                    + $"nud permanent\n");
            services.Append(CultureInfo.InvariantCulture,
                $"-a -t {Vip}:{Workloads.Port} -r {Workloads.ServerAt(server)}:{Workloads.Port} -g\n");
        }
        SystemCommand.Run(["ip", "-n", Testbed.ForwarderNamespace, "-batch", "-"], links.ToString());
        SystemCommand.Run(Testbed.InNamespace(Testbed.ForwarderNamespace, "ipvsadm", "-R"), services.ToString());
        EnableGro(veth);
        return new Forwarder(Ipvs, "IPVS, Maglev hash of the source, direct routing", veth, Vip, false, Servers);
    }

    /// <summary>Without an XDP program a veth accepts generated frames only if it polls (NAPI), and GRO makes it
    /// poll.</summary>
    private static void EnableGro(VethPair veth) =>
        SystemCommand.Run(Testbed.InNamespace(Testbed.ForwarderNamespace, "ethtool", "-K", veth.Name, "gro", "on"));
}
