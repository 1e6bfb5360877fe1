using Sidestep.Api;
using Sidestep.Model;
using Sidestep.Packets;

namespace Sidestep.Control.Doctor;

/// <summary>Faults of the director's own host.</summary>
internal static class DirectorRules
{
    internal static IEnumerable<Diagnosis> VipLocal(Evidence evidence, IReadOnlyList<Diagnosis> earlier) =>
        evidence.LocalVips.Select(local => DiagnosisText.Create(
            DiagnosisNames.VipLocalOnDirector, Severity.Broken, null, DiagnosisText.ServicesOf(evidence, local.Vip),
            $"The VIP {local.Vip} is an address of the director itself, on '{local.Device}': its kernel answers for "
                + "the VIP and consumes replies to probes.",
            $"On the director: ip address del {PrefixText.OfHost(local.Vip)} dev "
                + $"{local.Device} (with the prefix length that 'ip address' shows)",
            $"director: {local.Vip} is on '{local.Device}'"))
        .Concat(evidence.LocalRoutes.Select(vip => DiagnosisText.Create(
            DiagnosisNames.VipLocalOnDirector, Severity.Broken, null, DiagnosisText.ServicesOf(evidence, vip),
            $"The VIP {vip} is local to the director itself by a route: its kernel consumes replies to probes.",
            $"On the director: ip route del local {PrefixText.OfHost(vip)} table local (with the prefix length that "
                + "'ip route show table local' shows)",
            $"director: the route to {vip} is of type local")));

    /// <summary>The doctor's own probes are raw frames, which the kernel does not validate.</summary>
    internal static IEnumerable<Diagnosis> ProbeRepliesDropped(Evidence evidence, IReadOnlyList<Diagnosis> earlier) =>
        evidence.ReplyFilters.Where(f => evidence.Servers.Any(s => !s.UnhealthyIn.IsEmpty && s.Services.Any(v =>
                v.Vip.Equals(f.Vip) && v.DsrPathProbe is { Reply: ProbeReply.Answered })))
            .Select(f => DiagnosisText.Create(
            DiagnosisNames.ProbeRepliesDropped, Severity.Broken, null, DiagnosisText.ServicesOf(evidence, f.Vip),
            $"The director's own kernel drops replies from {f.Vip} to health probes: servers answer the doctor's raw "
                + "frames, but no socket gets their replies.",
            "On the director: remove the route or the policy rule ('ip rule', 'ip route show table all "
                + $"{f.Vip}'), or set rp_filter=0 for 'all' and for the interface",
            $"director: {f.Reason}"));

    internal static IEnumerable<Diagnosis> NoServer(Evidence evidence, IReadOnlyList<Diagnosis> earlier) =>
        evidence.PoolsWithoutServer.Select(static p => DiagnosisText.Create(
            DiagnosisNames.NoServerForNewFlows, Severity.Broken, null, p.Services,
            $"No server of pool {p.Name} accepts new flows: packets of new clients are dropped.",
            "Enable a server (state: enabled, weight above 0), or end the drain that an agent requested; sidestep plan "
                + "warns before such a change",
            p.Servers.IsEmpty ? [$"director: pool {p.Name} has no server"]
                : p.Servers.Select(static s => $"director: {s}")));

    internal static IEnumerable<Diagnosis> XdpMode(Evidence evidence, IReadOnlyList<Diagnosis> earlier) =>
        evidence.Interfaces
            .Where(static i =>
            i is { Configured: not Driver.Generic, Actual: Driver.Generic, FallbackReason: not null })
            .Select(static i => DiagnosisText.Create(
                DiagnosisNames.XdpModeDegraded, Severity.Warning, null, [],
                $"XDP runs in the network stack on '{i.Name}', not in its driver: it forwards everything, but more "
                    + "slowly.",
                "Remove the cause that the driver names (often an MTU above 3500, LRO, or too few queues: ethtool -K "
                    + "DEV lro off, ip link set DEV mtu 1500), then restart sidestepd; or set driver: generic, if "
                    + "this is intended",
                $"director: {i.Name}: {i.FallbackReason}"));
}
