using System.Net.Sockets;
using Sidestep.Api;
using Sidestep.Control.Sentinel;

namespace Sidestep.Control.Doctor;

/// <summary>Who says that a VIP is his.</summary>
internal static class OwnershipRules
{
    internal static IEnumerable<Diagnosis> OwnedTwice(Evidence evidence, IReadOnlyList<Diagnosis> before) => evidence.Claims
        .Where(c => ServerOf(evidence, c) is null).Select(c => Saying.Of(DiagnosisNames.VipOwnedTwice, Severity.Broken, null, Saying.Of(evidence, c.Vip),
            c.Kind == VipClaims.Director
                ? $"The other director {c.Who} answers for the VIP {c.Vip}, too: which of the two gets a packet is chance."
                : $"A host that is neither this director nor one of its real servers answers for the VIP {c.Vip}.",
            c.Kind == VipClaims.Director
                ? $"Let one director answer: set trafficEnabled: false for the services of {c.Vip} on the other, or stop it"
                : $"Find {c.Mac} (the switch's table of MAC addresses says the port) and take {c.Vip} from it; if it is another director, name it in director.peers",
            Text(c)));

    internal static IEnumerable<Diagnosis> ServerAnswersArp(Evidence evidence, IReadOnlyList<Diagnosis> before) => OfServers(evidence, AddressFamily.InterNetwork)
        .Select(found => Saying.Of(DiagnosisNames.ServerAnswersArp, Severity.Broken, found.Server.Name, Saying.Of(evidence, found.Claim.Vip),
            $"{found.Server.Name} answers ARP for the VIP {found.Claim.Vip}: clients' packets go straight to it, past the director.",
            "On the server: sysctl -w net.ipv4.conf.all.arp_ignore=1 net.ipv4.conf.all.arp_announce=2, the same for its interface, proxy_arp=0, and the VIP on lo only "
            + "(sidestep-agent does all of it)",
            Facts(evidence, found, ConditionNames.ArpIgnore, ConditionNames.ArpAnnounce, ConditionNames.ArpFilter, ConditionNames.ProxyArp, ConditionNames.Vip)));

    internal static IEnumerable<Diagnosis> ServerAdvertises(Evidence evidence, IReadOnlyList<Diagnosis> before) => OfServers(evidence, AddressFamily.InterNetworkV6)
        .Select(found => Saying.Of(DiagnosisNames.ServerAdvertisesVip, Severity.Broken, found.Server.Name, Saying.Of(evidence, found.Claim.Vip),
            $"{found.Server.Name} says in neighbour discovery that the VIP {found.Claim.Vip} is its own: clients' packets go straight to it, past the director.",
            $"On the server: take {found.Claim.Vip} off the network device and put it on lo (ip address add {found.Claim.Vip}/128 dev lo), and switch proxy_ndp off",
            Facts(evidence, found, ConditionNames.NeighbourSilence, ConditionNames.Vip)));

    private static IEnumerable<(ServerEvidence Server, VipClaim Claim)> OfServers(Evidence evidence, AddressFamily family) => evidence.Claims
        .Where(c => c.Vip.AddressFamily == family).Select(c => (Server: ServerOf(evidence, c), Claim: c)).Where(static f => f.Server is not null)
        .Select(static f => (f.Server!, f.Claim));

    /// <summary>By the director's neighbour table, or by the devices that an agent reports.</summary>
    private static ServerEvidence? ServerOf(Evidence evidence, VipClaim claim) =>
        evidence.Servers.FirstOrDefault(s => claim.Kind == VipClaims.Server && s.Name == claim.Who)
        ?? evidence.Servers.FirstOrDefault(s => s.After?.Report.Devices.Any(d => d.Mac.Equals(claim.Mac, StringComparison.OrdinalIgnoreCase)) == true);

    private static IEnumerable<string> Facts(Evidence evidence, (ServerEvidence Server, VipClaim Claim) found, params string[] conditions) =>
    [
        Text(found.Claim),
        .. conditions.SelectMany(n => found.Server.Agent(evidence).Wrong(n)).Select(Saying.Text),
    ];

    private static string Text(VipClaim claim) =>
        $"director: {claim.Mac} answered for {claim.Vip} on '{claim.Device}', {claim.Times} times, last at {claim.Last:HH:mm:ss}";
}
