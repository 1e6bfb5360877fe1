using Sidestep.Api;
using Sidestep.Model;

namespace Sidestep.Control.Doctor;

/// <summary>What is wrong with the director's own machine.</summary>
internal static class DirectorRules
{
    internal static IEnumerable<Diagnosis> VipLocal(Evidence evidence, IReadOnlyList<Diagnosis> earlier) => evidence.LocalVips.Select(local => DiagnosisText.Create(
        DiagnosisNames.VipLocalOnDirector, Severity.Broken, null, DiagnosisText.ServicesOf(evidence, local.Vip),
        $"The VIP {local.Vip} is an address of the director itself, on '{local.Device}': its kernel answers for it, and takes replies to probes for its own.",
        $"On the director: ip address del {local.Vip}/{(local.Vip.GetAddressBytes().Length == 4 ? 32 : 128)} dev {local.Device} (with the prefix length that 'ip address' shows)",
        $"director: {local.Vip} is on '{local.Device}'"));

    internal static IEnumerable<Diagnosis> XdpMode(Evidence evidence, IReadOnlyList<Diagnosis> earlier) => evidence.Interfaces
        .Where(static i => i is { Configured: not Driver.Generic, Actual: Driver.Generic, WhyNotBetter: not null }).Select(i => DiagnosisText.Create(
            DiagnosisNames.XdpModeDegraded, Severity.Warning, null, [],
            $"XDP runs in the network stack on '{i.Name}', not in its driver: everything is forwarded, more slowly.",
            "Remove what the driver names (often an MTU above 3500, LRO, or too few queues: ethtool -K DEV lro off, ip link set DEV mtu 1500), then restart sidestepd; "
            + "or write driver: generic, if that is how it is to be",
            $"director: {i.Name}: {i.WhyNotBetter}"));
}
