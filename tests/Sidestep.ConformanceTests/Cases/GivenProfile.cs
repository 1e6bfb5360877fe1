using System.Net;
using System.Net.Sockets;
using Sidestep.Model;

namespace Sidestep.ConformanceTests.Cases;

/// <summary>A network profile of a row.</summary>
internal static class GivenProfile
{
    public static NetworkProfile Read(string name, CaseNode node, HostNames names)
    {
        node.Only("dsr", "encapsulation", "guePort", "outerSource", "oversized", "idleTimeouts", "udpOnRebalance");
        var sources = node["outerSource"].ItemsOrNone.Select(names.Prefix).ToList();
        return new NetworkProfile
        {
            Name = name,
            DsrType = Enum.TryParse<DsrType>(node["dsr"].TextOr("l3"), ignoreCase: true, out var type)
                ? type : throw node["dsr"].Wrong("neither l2 nor l3"),
            Encapsulation = ReadEncapsulation(node["encapsulation"]) ?? Encapsulation.IpIp,
            GuePort = (int)node["guePort"].NumberOr(NetworkProfile.DefaultGuePort),
            OuterSource4 = Of(sources, AddressFamily.InterNetwork),
            OuterSource6 = Of(sources, AddressFamily.InterNetworkV6),
            Oversized = node["oversized"].Exists
                ? CaseEnum.Parse<OversizedPolicy>(node["oversized"])
                : OversizedPolicy.Icmp,
            IdleTimeouts = ReadTimeouts(node["idleTimeouts"]),
            UdpOnRebalance = node["udpOnRebalance"].Exists
                ? CaseEnum.Parse<UdpRebalancePolicy>(node["udpOnRebalance"])
                : UdpRebalancePolicy.Stay,
        };
    }

    /// <summary>Null when the row names no encapsulation.</summary>
    public static Encapsulation? ReadEncapsulation(CaseNode node) => !node.Exists ? null
        : Enum.TryParse<Encapsulation>(node.Text, ignoreCase: true, out var known) ? known
        : throw node.Wrong("none of ipip, gue, gre");

    private static IdleTimeouts ReadTimeouts(CaseNode node)
    {
        node.Only("tcp", "udp", "icmp", "afterFin", "afterRst");
        var otherwise = IdleTimeouts.Default;
        return new IdleTimeouts(
            (int)node["tcp"].NumberOr(otherwise.Tcp),
            (int)node["udp"].NumberOr(otherwise.Udp),
            (int)node["icmp"].NumberOr(otherwise.Icmp),
            node["afterFin"].Exists ? (int)node["afterFin"].Number : null,
            node["afterRst"].Exists ? (int)node["afterRst"].Number : null);
    }

    private static IPNetwork? Of(List<IPNetwork> prefixes, AddressFamily family) =>
        prefixes.Where(p => p.BaseAddress.AddressFamily == family).Cast<IPNetwork?>().SingleOrDefault();
}
