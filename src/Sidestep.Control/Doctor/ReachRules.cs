using System.Net;
using Sidestep.Api;
using Sidestep.Forwarding;

namespace Sidestep.Control.Doctor;

/// <summary>Whether packets can reach a server at all.</summary>
internal static class ReachRules
{
    internal static IEnumerable<Diagnosis> NoRoute(Evidence evidence, IReadOnlyList<Diagnosis> before) => evidence.Servers
        .Where(static s => s.Route.NoRoute is not null).Select(s => Saying.Of(DiagnosisNames.NoRouteToServer, Severity.Broken, s.Name, s.Services.Names(),
            $"The director has no usable route to {s.Name} ({s.Address}).",
            $"On the director: ip route add {s.Address} via ROUTER dev DEVICE, by one of director.interfaces",
            $"director: {s.Route.NoRoute}"));

    internal static IEnumerable<Diagnosis> NotAttached(Evidence evidence, IReadOnlyList<Diagnosis> before)
    {
        foreach (var s in evidence.Servers.Where(static s => s.Route is { NoRoute: null, Gateway: not null }))
        {
            var layer2 = s.Services.Where(static v => v.Way == Way.Layer2).ToArray();
            if (layer2.Length > 0)
                yield return Saying.Of(DiagnosisNames.ServerNotAttached, Severity.Broken, s.Name, layer2.Names(),
                    $"{s.Name} ({s.Address}) is behind the router {s.Route.Gateway}, and layer 2 does not pass a router.",
                    "Attach the director to the server's network (and remove the route through the router), or give the service a network profile with dsrType: l3",
                    $"director: route to {s.Address} by {s.Route.Gateway} on '{s.Route.Device}'");
        }
    }

    internal static IEnumerable<Diagnosis> Unresolved(Evidence evidence, IReadOnlyList<Diagnosis> before) => evidence.Servers
        .Where(s => s.Route is { NoRoute: null, IsLocal: false, Answered: { IsEmpty: true } } && !before.Explains(s.Name)
            // An entry that somebody made for a host that answers no such questions is how it is to be, as long as it works.
            && !(s.Route.IsEntered && Works(s)))
        .Select(s => Saying.Of(DiagnosisNames.NextHopUnresolved, Severity.Broken, s.Name, s.Services.Names(),
            $"The next hop to {s.Name}, {Hop(s)}, does not answer {Protocol(s)} on '{s.Route.Device}'.",
            "See whether the machine is up and on this network (VLAN, cable, address), and whether something filters ARP or neighbour discovery",
            [$"director: nobody answered for {Hop(s)}", s.Route.Mac is { } mac ? $"director: packets still go to {mac}" : "director: no packets go to it", Agent(evidence, s)]));

    internal static IEnumerable<Diagnosis> Stale(Evidence evidence, IReadOnlyList<Diagnosis> before) => evidence.Servers
        .Where(static s => s.Route is { NoRoute: null, IsLocal: false, Mac: { } mac, Answered: { IsEmpty: false } answered } && !answered.Contains(mac))
        .Select(s => Saying.Of(DiagnosisNames.NextHopStale, Works(s) ? Severity.Warning : Severity.Broken, s.Name, s.Services.Names(),
            $"Packets for {s.Name} go to {s.Route.Mac}, but {Hop(s)} has {string.Join(", ", s.Route.Answered!.Value)}.",
            $"On the director: see 'ip neighbour show {Hop(s)}'; if the entry is PERMANENT somebody entered it: ip neighbour del {Hop(s)} dev {s.Route.Device}",
            $"director: {string.Join(", ", s.Route.Answered!.Value)} answered for {Hop(s)} on '{s.Route.Device}'", $"director: its table says {s.Route.Mac}"));

    private static bool Works(ServerEvidence s) => s.Services.Any(static v => v.Path is { Outcome: ProbeOutcome.Answered });

    private static IPAddress Hop(ServerEvidence s) => s.Route.Gateway ?? s.Address;

    private static string Protocol(ServerEvidence s) =>
        (s.Route.Gateway ?? s.Address).AddressFamily == System.Net.Sockets.AddressFamily.InterNetwork ? "ARP" : "neighbour solicitation";

    private static string Agent(Evidence evidence, ServerEvidence s) => s.Agent(evidence) is not null ? "agent: reports all the same, by another way"
        : s.After is { } last ? $"agent: silent since {last.At:HH:mm:ss}" : "agent: none was heard";
}
