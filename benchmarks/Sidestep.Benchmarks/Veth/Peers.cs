using System.Globalization;
using System.Net;
using System.Text;

namespace Sidestep.Benchmarks.Veth;

/// <summary>What else does the director's job at layer 2 on a Linux machine: a hash chooses one of as many servers.</summary>
internal static class Peers
{
    internal const string Nftables = "veth-nftables", Ipvs = "veth-ipvs";

    private const int Servers = DirectorSide.Servers;

    private static readonly IPAddress Vip = IPAddress.Parse("198.18.100.3");

    /// <summary>nftables where packets enter, before everything else: a hash, a map of Ethernet addresses, out again.</summary>
    /// <exception cref="BenchmarkException">Why not.</exception>
    internal static Forwarder ByNftables(Cable cable)
    {
        var map = string.Join(", ", Enumerable.Range(0, Servers).Select(static s => $"{s} : {Workloads.MacOf(s)}"));
        var rules = $$"""
            table netdev balancer {
              chain in {
                type filter hook ingress device "{{cable.Name}}" priority 0;
                ip daddr {{Vip}} tcp dport {{Workloads.Port}} ether saddr set {{Workloads.DirectorMac}} ether daddr set jhash ip saddr mod {{Servers}} seed 0x5eed map { {{map}} } fwd to "{{cable.Name}}"
              }
            }
            """;
        SystemCommand.Run(Surroundings.In(Surroundings.Inside, "nft", "-f", "-"), rules);
        ReceiveInTheStack(cable);
        return new Forwarder(Nftables, "nftables, netdev ingress, jhash, map, fwd", cable, Vip, false, Servers);
    }

    /// <summary>IPVS by its consistent hash (Maglev) of the source address, and direct routing.</summary>
    /// <exception cref="BenchmarkException">Why not.</exception>
    internal static Forwarder ByIpvs(Cable cable)
    {
        SystemCommand.Try(["modprobe", "ip_vs_mh"]);
        Surroundings.Enter(Surroundings.Inside);
        if (!Directory.Exists("/proc/sys/net/ipv4/vs"))
            throw new BenchmarkException("this kernel has no IPVS");
        // The middle of a connection that it has not seen begin is balanced, too.
        File.WriteAllText("/proc/sys/net/ipv4/vs/sloppy_tcp", "1");
        foreach (var which in (string[])["all", "default", cable.Name])
            File.WriteAllText($"/proc/sys/net/ipv4/conf/{which}/rp_filter", "0");
        var links = new StringBuilder($"address add {Vip}/32 dev {cable.Name}\naddress add 192.0.2.1/32 dev {cable.Name}\nroute add default dev {cable.Name} src 192.0.2.1\n");
        var services = new StringBuilder($"-A -t {Vip}:{Workloads.Port} -s mh\n");
        for (var server = 0; server < Servers; server++)
        {
            links.Append(CultureInfo.InvariantCulture, $"neighbour replace {Workloads.ServerAt(server)} lladdr {Workloads.MacOf(server)} dev {cable.Name} nud permanent\n");
            services.Append(CultureInfo.InvariantCulture, $"-a -t {Vip}:{Workloads.Port} -r {Workloads.ServerAt(server)}:{Workloads.Port} -g\n");
        }
        SystemCommand.Run(["ip", "-n", Surroundings.Inside, "-batch", "-"], links.ToString());
        SystemCommand.Run(Surroundings.In(Surroundings.Inside, "ipvsadm", "-R"), services.ToString());
        ReceiveInTheStack(cable);
        return new Forwarder(Ipvs, "IPVS, Maglev hash of the source, direct routing", cable, Vip, false, Servers);
    }

    /// <summary>Without an XDP program a veth takes frames that were made in the kernel only if it polls, and it polls for GRO.</summary>
    private static void ReceiveInTheStack(Cable cable) =>
        SystemCommand.Run(Surroundings.In(Surroundings.Inside, "ethtool", "-K", cable.Name, "gro", "on"));
}
