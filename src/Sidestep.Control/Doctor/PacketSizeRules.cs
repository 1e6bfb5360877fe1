using Sidestep.Api;
using Sidestep.Forwarding;
using Sidestep.Model;

namespace Sidestep.Control.Doctor;

/// <summary>Rules about packets that are longer than the path MTU to a server.</summary>
internal static class PacketSizeRules
{
    internal static IEnumerable<Diagnosis> Mtu(Evidence evidence, IReadOnlyList<Diagnosis> earlier)
    {
        foreach (var s in evidence.Servers)
        {
            var small = s.Services
                .Where(static v => v.PacketSize is { PassedBytes: { } passed } size && passed < size.ExpectedBytes)
                .ToArray();
            if (small.Length == 0)
                continue;
            var worst = small.MinBy(static v => v.PacketSize!.PassedBytes)!;
            var (size, encap) = (worst.PacketSize!, worst.Encap == Encap.Layer2 ? "" : $" in {worst.Encap}");
            yield return DiagnosisText.Create(DiagnosisNames.MtuTooSmall, Severity.Impaired, s.Name, small.Names(),
                $"The path to {s.Name} carries at most {size.PassedBytes} bytes of a packet{encap}; the director's "
                    + $"route takes {size.ExpectedBytes}: "
                    + (IsTold(worst) ? "the director has measured it and tells clients, whose packets are smaller than "
                        + "they could be." : "larger requests hang until the director has measured it."),
                "Raise the MTU of the links between director and server, or lower that of the director's route to what "
                    + "passes, so that the director notifies clients: ip route replace PREFIX via ROUTER mtu "
                    + $"{size.PassedBytes + (worst.PathMtu?.Overhead ?? 0)}",
                small.Select(static v => $"director: echo to {v.Vip} with {v.PacketSize!.ExpectedBytes} bytes: no "
                    + $"answer; with {v.PacketSize.PassedBytes} bytes: answered")
                    .Concat(small.Select(static v => v.PacketSize!.RouterReport).OfType<string>()
                        .Select(static r => $"director: {r}")));
        }
    }

    internal static IEnumerable<Diagnosis> Mss(Evidence evidence, IReadOnlyList<Diagnosis> earlier)
    {
        foreach (var s in evidence.Servers)
        {
            var wide = s.Services.Where(static v => v is
            { Protocol: TransportProtocol.Tcp, PathMtu: { Overhead: > 0 } pathMtu, DsrPathProbe: { Mss: { } mss } }
                && mss > MssOf(v, pathMtu)).ToArray();
            if (wide.Length == 0)
                continue;
            yield return DiagnosisText.Create(DiagnosisNames.MssNotClamped, Severity.Impaired, s.Name, wide.Names(),
                $"{s.Name} announces an MSS of {wide[0].DsrPathProbe!.Mss} bytes to clients; the outer header leaves "
                    + $"{MssOf(wide[0], wide[0].PathMtu!)}: uploads hang where ICMP does not get through.",
                "Run sidestep-agent on the server, which clamps the MSS; or there: ip route change default via ROUTER "
                    + "dev DEVICE advmss BYTES",
                wide.Select(static v => $"director: SYN-ACK of {v.Where} has MSS {v.DsrPathProbe!.Mss}; MTU "
                        + $"{v.PathMtu!.DirectorMtu} less {v.PathMtu.Overhead} for {v.Encap} leaves "
                        + $"{MssOf(v, v.PathMtu)}")
                    .Concat(s.Agent(evidence).Wrong(ConditionNames.MssClamp).Select(DiagnosisText.Text)));
        }
    }

    /// <summary>The path MTU in force is no larger than what passes.</summary>
    private static bool IsTold(ServiceEvidence service) => service.PathMtu is { } pathMtu
        && pathMtu.DirectorMtu - pathMtu.Overhead <= service.PacketSize!.PassedBytes;

    private static int MssOf(ServiceEvidence service, PathMtu pathMtu) => service.IsIPv6 ? pathMtu.Mss6 : pathMtu.Mss4;
}
