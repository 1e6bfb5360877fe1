using System.Net;
using System.Net.Sockets;
using Sidestep.Api;
using Sidestep.Model;

namespace Sidestep.Control.Doctor;

/// <summary>Replies that a server sends wrongly, or that do not reach the client.</summary>
internal static class ReturnPathRules
{
    /// <summary>The Ethernet address of lo, which needs no neighbours.</summary>
    private const string NoMac = "00:00:00:00:00:00";

    internal static IEnumerable<Diagnosis> WrongSource(Evidence evidence, IReadOnlyList<Diagnosis> earlier) =>
        evidence.Servers
        .SelectMany(static s => s.Services.Select(v => (Server: s, Service: v)))
        .Where(static f => f.Service.DsrPathProbe is { Reply: ProbeReply.OtherSource })
        .Select(static f => DiagnosisText.Create(
            DiagnosisNames.WrongReplySource, Severity.Broken, f.Server.Name, [f.Service.Name],
            $"Replies of {f.Server.Name} come from {f.Service.DsrPathProbe!.From}, not from the VIP {f.Service.Vip}: "
                + "clients ignore them.",
            f.Service.Protocol == TransportProtocol.Udp
                ? $"Let the application bind its socket to {f.Service.Vip}, or reply from the destination address of "
                    + "the request (IP_PKTINFO)"
                : "Find the source NAT that rewrites it: on the server (nft list ruleset) or along the path",
            f.Service.Text()));

    internal static IEnumerable<Diagnosis> DefaultRoute(Evidence evidence, IReadOnlyList<Diagnosis> earlier)
    {
        foreach (var s in evidence.Servers)
        {
            if (s.Agent(evidence) is not { } agent || agent.Devices.IsEmpty)
                continue;
            foreach (var family in s.Services.GroupBy(static v => v.IsIPv6))
            {
                var name = family.Key ? "IPv6" : "IPv4";
                var routes = agent.DefaultRoutes.Where(r => r.Family == (family.Key ? 6 : 4)).ToArray();
                if (routes.Length == 0)
                    yield return DiagnosisText.Create(DiagnosisNames.DefaultRouteMissing, Severity.Broken, s.Name,
                        family.Names(),
                        $"{s.Name} has no {name} default route: replies to clients of other networks have no path.",
                        "On the server: ip route add default via ROUTER, the router of the clients, never the director",
                        $"agent: no {name} default route");
                else if (routes.All(r => r.Gateway is not null && evidence.DirectorAddresses.Contains(r.Gateway)))
                    yield return DiagnosisText.Create(DiagnosisNames.DefaultRouteToDirector, Severity.Broken, s.Name,
                        family.Names(),
                        $"The {name} default route of {s.Name} leads to the director: replies go back through it, if "
                            + "it forwards them.",
                        "On the server: ip route replace default via ROUTER, the router of the clients",
                        routes.Select(static r => $"agent: default via {r.Gateway} dev {r.Device}"));
            }
        }
    }

    /// <summary>The VIP on lo cannot be the source of a neighbour solicitation. Linux then uses a link-local address,
    /// or sends none.</summary>
    internal static IEnumerable<Diagnosis> LinkLocal(Evidence evidence, IReadOnlyList<Diagnosis> earlier)
    {
        foreach (var s in evidence.Servers)
        {
            var ipv6 = s.Services.Where(static v => v.IsIPv6).ToArray();
            if (ipv6.Length == 0 || s.Agent(evidence) is not { } agent)
                continue;
            foreach (var device in agent.Devices.Where(d => LacksLinkLocal(d, agent)))
            {
                yield return DiagnosisText.Create(
                    DiagnosisNames.LinkLocalMissing, ipv6.Any(DiagnosisText.IsDown) ? Severity.Broken
                        : Severity.Impaired, s.Name,
                    ipv6.Names(),
                    $"'{device.Name}' of {s.Name} has no IPv6 link-local address: the server cannot solicit neighbours "
                        + "on behalf of the VIP, so it sends no reply to a neighbour that it does not know from other "
                        + "traffic.",
                    "On the server: let the kernel generate one (sysctl -w "
                        + $"net.ipv6.conf.{device.Name}.addr_gen_mode=0, then take the link down and up), or ip "
                        + $"address add fe80::1/64 dev {device.Name}, another on each server",
                    [
                        $"agent: {device.Name} has {string.Join(", ", device.Addresses)}",
                        .. ipv6.Where(DiagnosisText.IsDown).Select(DiagnosisText.Text),
                    ]);
            }
        }
    }

    private static bool LacksLinkLocal(Device device, AgentReport agent) =>
        device is { IsUp: true, Mac: not ("" or NoMac) }
        && IsUsedByIpv6(device, agent) && !device.Addresses.Any(static a => AddressOf(a) is { IsIPv6LinkLocal: true });

    private static bool IsUsedByIpv6(Device device, AgentReport agent) =>
        agent.DefaultRoutes.Any(r => r.Family == 6 && r.Device == device.Name)
        || device.Addresses.Any(static a => AddressOf(a) is { AddressFamily: AddressFamily.InterNetworkV6 });

    private static IPAddress? AddressOf(string withPrefix) =>
        IPAddress.TryParse(withPrefix.Split('/')[0], out var address) ? address : null;

    internal static IEnumerable<Diagnosis> ServerDrops(Evidence evidence, IReadOnlyList<Diagnosis> earlier)
    {
        foreach (var (s, v) in UnexplainedDownPaths(evidence, earlier))
        {
            if (s.Handshakes(v.Vip) is { SynReceived: > 0, SynAckSent: 0 } seen)
                yield return DiagnosisText.Create(DiagnosisNames.ServerDropsRequests, Severity.Broken, s.Name, [v.Name],
                    $"{s.Name} receives connection requests for {v.Where} and answers none, although an application "
                        + "listens.",
                    "Check the server's own firewall (nft list ruleset), and ListenDrops (a backlog that is full)",
                    [
                        $"agent: {seen.SynReceived} SYN received, 0 SYN-ACK sent",
                        $"agent: ListenDrops grew by {s.Growth(AgentCounterNames.ListenDrops)}",
                        .. (s.Agent(evidence)?.FilterHints ?? []).Select(static h => $"agent: {h}"), v.Text(),
                    ]);
        }
    }

    internal static IEnumerable<Diagnosis> ReplyDropped(Evidence evidence, IReadOnlyList<Diagnosis> earlier)
    {
        foreach (var (s, v) in UnexplainedDownPaths(evidence, earlier))
        {
            if (s.Handshakes(v.Vip) is { SynAckSent: > 0 } seen)
                yield return DiagnosisText.Create(DiagnosisNames.ReplyDroppedInTransit, Severity.Broken,
                    s.Name, [v.Name],
                    $"{s.Name} answers for {v.Where}, and the reply is lost in transit: a router or firewall sees only "
                        + "one direction of the connection, or rejects the source.",
                    "On routers and firewalls between server and clients: do not require connection state for replies "
                        + "of the VIP (asymmetric routing), and make reverse-path checks (uRPF, rp_filter) loose",
                    $"agent: {seen.SynReceived} SYN received, {seen.SynAckSent} SYN-ACK sent while the director "
                        + "probed", v.Text());
        }
    }

    internal static IEnumerable<Diagnosis> PathDown(Evidence evidence, IReadOnlyList<Diagnosis> earlier)
    {
        foreach (var (s, v) in UnexplainedDownPaths(evidence, earlier))
        {
            var handshakes = s.Handshakes(v.Vip);
            yield return DiagnosisText.Create(DiagnosisNames.DsrPathDown, Severity.Broken, s.Name, [v.Name],
                $"Requests to {v.Where} through {s.Name} are not answered.",
                handshakes is { SynReceived: 0 }
                    ? "They do not arrive: find what drops them between director and server (for layer 3, firewalls "
                        + "that do not pass IP-in-IP, GRE or the GUE port)"
                    : "Run sidestep-agent on the server: its counters show how far requests get",
                [
                    v.Text(),
                    handshakes is { } seen ? $"agent: {seen.SynReceived} SYN received, {seen.SynAckSent} SYN-ACK sent"
                        : "agent: no handshake counters",
                ]);
        }
    }

    internal static IEnumerable<Diagnosis> HealthChecksFailing(Evidence evidence, IReadOnlyList<Diagnosis> earlier) =>
        evidence.Servers.Where(s => !s.UnhealthyIn.IsEmpty && !earlier.Explains(s) && !evidence.LacksLinkTo(s))
            .Select(static s => DiagnosisText.Create(
            DiagnosisNames.HealthChecksFailing, Severity.Broken, s.Name, s.Services.Names(),
            $"Health checks of {s.Name} fail, or have not succeeded yet.",
            "See the reason in sidestep status; a server that has just come back is admitted after some successful "
                + "probes",
            s.UnhealthyIn.Select(static p => $"director: unhealthy in {p}")
                .Concat(s.Services.Select(DiagnosisText.Text))));

    /// <summary>TCP paths that are down and that no earlier diagnosis explains. A UDP application may ignore a
    /// probe.</summary>
    private static IEnumerable<(ServerEvidence, ServiceEvidence)> UnexplainedDownPaths(
        Evidence evidence, IReadOnlyList<Diagnosis> earlier) =>
        evidence.Servers.Where(s => !earlier.Explains(s) && !evidence.LacksLinkTo(s))
        .SelectMany(static s => s.Services.Where(static v => v.IsDown() && v.Protocol == TransportProtocol.Tcp)
        .Select(v => (s, v)));
}
