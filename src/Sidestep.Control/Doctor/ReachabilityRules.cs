using System.Net;
using System.Net.Sockets;
using Sidestep.Api;
using Sidestep.Forwarding;

namespace Sidestep.Control.Doctor;

/// <summary>Rules for servers that the director's packets cannot reach at all.</summary>
internal static class ReachabilityRules
{
    internal static IEnumerable<Diagnosis> NoRoute(Evidence evidence, IReadOnlyList<Diagnosis> earlier) =>
        evidence.Servers.Where(s => s.Route.NoRouteReason is not null && !evidence.LacksLinkTo(s))
            .Select(static s => DiagnosisText.Create(
            DiagnosisNames.NoRouteToServer, Severity.Broken, s.Name, s.Services.Names(),
            $"The director has no usable route to {s.Name} ({s.Address}).",
            $"On the director: ip route add {s.Address} via ROUTER dev DEVICE, through one of node.interfaces",
            $"director: {s.Route.NoRouteReason}"));

    internal static IEnumerable<Diagnosis> NotAttached(Evidence evidence, IReadOnlyList<Diagnosis> earlier)
    {
        foreach (var s in evidence.Servers.Where(static s => s.Route is { NoRouteReason: null, Gateway: not null }))
        {
            var layer2 = s.Services.Where(static v => v.Encap == Encap.Layer2).ToArray();
            if (layer2.Length > 0)
                yield return DiagnosisText.Create(DiagnosisNames.ServerNotAttached, Severity.Broken, s.Name,
                    layer2.Names(),
                    $"{s.Name} ({s.Address}) is behind the router {s.Route.Gateway}, and layer 2 does not pass a "
                        + "router.",
                    "Attach the director to the server's network (and remove the route through the router), or give "
                        + "the service a network profile with dsrType: l3",
                    $"director: route to {s.Address} by {s.Route.Gateway} on '{s.Route.Device}'");
        }
    }

    internal static IEnumerable<Diagnosis> Unresolved(Evidence evidence, IReadOnlyList<Diagnosis> earlier) =>
        evidence.Servers
        .Where(s => s.Route is { NoRouteReason: null, IsLocal: false, RepliedMacs: { IsEmpty: true } }
        && !earlier.Explains(s.Name) && !evidence.LacksLinkTo(s)
            // An operator may enter a static neighbour for a host that answers no ARP. That is intended while the path
            // works.
            && !(s.Route.IsStatic && Works(s)))
        .Select(s => DiagnosisText.Create(DiagnosisNames.NextHopUnresolved, Severity.Broken, s.Name, s.Services.Names(),
            $"The next hop to {s.Name}, {NextHopOf(s)}, does not answer {ProtocolOf(s)} on '{s.Route.Device}'.",
            "Check that the machine is up and on this network (VLAN, cable, address), and that nothing filters ARP or "
                + "neighbour discovery",
            [
                $"director: no reply for {NextHopOf(s)}",
                s.Route.Mac is { } mac ? $"director: packets still go to {mac}" : "director: no packets go to it",
                AgentText(evidence, s),
            ]));

    internal static IEnumerable<Diagnosis> Stale(Evidence evidence, IReadOnlyList<Diagnosis> earlier) =>
        evidence.Servers
        .Where(static s =>
        s.Route is { NoRouteReason: null, IsLocal: false, Mac: { } mac, RepliedMacs: { IsEmpty: false } replied }
            && !replied.Contains(mac))
        .Select(static s => DiagnosisText.Create(
            DiagnosisNames.NextHopStale, Works(s) ? Severity.Warning : Severity.Broken, s.Name, s.Services.Names(),
            $"Packets for {s.Name} go to {s.Route.Mac}, but {NextHopOf(s)} has "
                + $"{string.Join(", ", s.Route.RepliedMacs!.Value)}.",
            $"On the director: check 'ip neighbour show {NextHopOf(s)}'; if the entry is PERMANENT, it is static: ip "
                + $"neighbour del {NextHopOf(s)} dev {s.Route.Device}",
            $"director: {string.Join(", ", s.Route.RepliedMacs!.Value)} answered for {NextHopOf(s)} on "
                + $"'{s.Route.Device}'",
            $"director: its neighbour table has {s.Route.Mac}"));

    private static bool Works(ServerEvidence s) => s.Services
        .Any(static v => v.DsrPathProbe is { Reply: ProbeReply.Answered });

    private static IPAddress NextHopOf(ServerEvidence s) => s.Route.Gateway ?? s.Address;

    private static string ProtocolOf(ServerEvidence s) =>
        NextHopOf(s).AddressFamily == AddressFamily.InterNetwork ? "ARP" : "neighbour solicitation";

    private static string AgentText(Evidence evidence, ServerEvidence s) =>
        s.Agent(evidence) is not null ? "agent: still reports, over another path"
        : s.AfterProbes is { } last ? $"agent: silent since {last.At:HH:mm:ss}"
        : "agent: no report received";
}
