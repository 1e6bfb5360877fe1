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
            $"director: {local.Vip} is on '{local.Device}'"));

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
