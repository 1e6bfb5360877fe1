using System.Net.Sockets;
using Sidestep.Api;
using Sidestep.Control.AddressConflicts;

namespace Sidestep.Control.Doctor;

/// <summary>Hosts other than this director that answer for a VIP.</summary>
internal static class VipConflictRules
{
    internal static IEnumerable<Diagnosis> OtherHostAnswers(Evidence evidence, IReadOnlyList<Diagnosis> earlier) =>
        evidence.Conflicts.Where(c => ServerOf(evidence, c) is null).Select(c => DiagnosisText.Create(
            DiagnosisNames.VipConflict, Severity.Broken, null, DiagnosisText.ServicesOf(evidence, c.Vip),
            c.Kind == VipConflicts.Director
                ? $"The other director {c.Host} answers for the VIP {c.Vip}, too: chance decides which of the two gets "
                    + "a packet."
                : $"A host that is neither this director nor one of its real servers answers for the VIP {c.Vip}.",
            c.Kind == VipConflicts.Director
                ? $"Let one director answer: set trafficEnabled: false for the services of {c.Vip} on the other, or "
                    + "stop it"
                : $"Find {c.Mac} (the switch's table of MAC addresses names the port) and remove {c.Vip} from that "
                    + "host; if it is another director, add it to group.peers",
            Text(c)));

    internal static IEnumerable<Diagnosis> ServerAnswersArp(Evidence evidence, IReadOnlyList<Diagnosis> earlier) =>
        OfServers(evidence, AddressFamily.InterNetwork).Select(found => DiagnosisText.Create(
            DiagnosisNames.ServerAnswersArp, Severity.Broken, found.Server.Name,
            DiagnosisText.ServicesOf(evidence, found.Conflict.Vip),
            $"{found.Server.Name} answers ARP for the VIP {found.Conflict.Vip}: clients' packets go straight to it, "
                + "past the director.",
            "On the server: sysctl -w net.ipv4.conf.all.arp_ignore=1 net.ipv4.conf.all.arp_announce=2, the same for "
                + "its interface, proxy_arp=0, and the VIP on lo only (sidestep-agent does all of it)",
            EvidenceLines(evidence, found, ConditionNames.ArpIgnore, ConditionNames.ArpAnnounce,
                ConditionNames.ArpFilter, ConditionNames.ProxyArp, ConditionNames.Vip)));

    internal static IEnumerable<Diagnosis> ServerAdvertises(Evidence evidence, IReadOnlyList<Diagnosis> earlier) =>
        OfServers(evidence, AddressFamily.InterNetworkV6).Select(found => DiagnosisText.Create(
            DiagnosisNames.ServerAdvertisesVip, Severity.Broken, found.Server.Name,
            DiagnosisText.ServicesOf(evidence, found.Conflict.Vip),
            $"{found.Server.Name} advertises the VIP {found.Conflict.Vip} in neighbour discovery: clients' packets go "
                + "straight to it, past the director.",
            $"On the server: move {found.Conflict.Vip} from the network device to lo (ip address add "
                + $"{found.Conflict.Vip}/128 dev lo), and switch proxy_ndp off",
            EvidenceLines(evidence, found, ConditionNames.NeighbourSuppression, ConditionNames.Vip)));

    private static IEnumerable<(ServerEvidence Server, VipConflict Conflict)> OfServers(
        Evidence evidence, AddressFamily family) =>
        evidence.Conflicts.Where(c => c.Vip.AddressFamily == family)
            .Select(c => (Server: ServerOf(evidence, c), Conflict: c)).Where(static f => f.Server is not null)
            .Select(static f => (f.Server!, f.Conflict));

    /// <summary>The real server in conflict: by the director's neighbour table, or by the devices that an agent
    /// reports; null: another host.</summary>
    private static ServerEvidence? ServerOf(Evidence evidence, VipConflict conflict) =>
        evidence.Servers.FirstOrDefault(s => conflict.Kind == VipConflicts.Server && s.Name == conflict.Host)
        ?? evidence.Servers.FirstOrDefault(s => s.AfterProbes?.Report.Devices
            .Any(d => d.Mac.Equals(conflict.Mac, StringComparison.OrdinalIgnoreCase)) == true);

    private static IEnumerable<string> EvidenceLines(
        Evidence evidence, (ServerEvidence Server, VipConflict Conflict) found, params string[] conditions) =>
    [
        Text(found.Conflict),
        .. conditions.SelectMany(n => found.Server.Agent(evidence).Wrong(n)).Select(DiagnosisText.Text),
    ];

    private static string Text(VipConflict conflict) => $"director: {conflict.Mac} answered for {conflict.Vip} on "
        + $"'{conflict.Device}', {conflict.Times} times, last at {conflict.Last:HH:mm:ss}";
}
