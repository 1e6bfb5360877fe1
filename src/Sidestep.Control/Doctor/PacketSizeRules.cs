using Sidestep.Api;
using Sidestep.Forwarding;
using Sidestep.Model;

namespace Sidestep.Control.Doctor;

/// <summary>What fits.</summary>
internal static class PacketSizeRules
{
    internal static IEnumerable<Diagnosis> Mtu(Evidence evidence, IReadOnlyList<Diagnosis> earlier)
    {
        foreach (var s in evidence.Servers)
        {
            var small = s.Services.Where(static v => v.PacketSize is { PassedBytes: { } passed } size && passed < size.ExpectedBytes).ToArray();
            if (small.Length == 0)
                continue;
            var worst = small.MinBy(static v => v.PacketSize!.PassedBytes)!;
            yield return DiagnosisText.Create(DiagnosisNames.MtuTooSmall, Severity.Impaired, s.Name, small.Names(),
                $"On the way to {s.Name} only {worst.PacketSize!.PassedBytes} bytes of a packet fit{(worst.Encap == Encap.Layer2 ? "" : $" into {worst.Encap}")}; the director's interface takes {worst.PacketSize.ExpectedBytes}: larger requests hang.",
                "Raise the MTU of the links between director and server, or lower that of the director's interface to what passes, so that clients are told",
                small.Select(static v => $"director: echo to {v.Vip} with {v.PacketSize!.ExpectedBytes} bytes: no answer; with {v.PacketSize.PassedBytes} bytes: answered")
                    .Concat(small.Select(static v => v.PacketSize!.RouterReport).OfType<string>().Select(static t => $"director: {t}")));
        }
    }

    internal static IEnumerable<Diagnosis> Mss(Evidence evidence, IReadOnlyList<Diagnosis> earlier)
    {
        foreach (var s in evidence.Servers)
        {
            var wide = s.Services.Where(static v => v is { Protocol: TransportProtocol.Tcp, PathMtu: { Overhead: > 0 } pathMtu, DsrPathProbe: { Mss: { } mss } }
                && mss > (v.IsIPv6 ? pathMtu.Mss6 : pathMtu.Mss4)).ToArray();
            if (wide.Length == 0)
                continue;
            yield return DiagnosisText.Create(DiagnosisNames.MssNotClamped, Severity.Impaired, s.Name, wide.Names(),
                $"{s.Name} asks clients for segments of {wide[0].DsrPathProbe!.Mss} bytes; with the outer header {(wide[0].IsIPv6 ? wide[0].PathMtu!.Mss6 : wide[0].PathMtu!.Mss4)} fit: uploads hang where ICMP does not get through.",
                "Run sidestep-agent on the server, which clamps it; or there: ip route change default via ROUTER dev DEVICE advmss BYTES",
                wide.Select(static v => $"director: SYN-ACK of {v.Where} says MSS {v.DsrPathProbe!.Mss}; MTU {v.PathMtu!.DirectorMtu} less {v.PathMtu.Overhead} for {v.Encap} leaves {(v.IsIPv6 ? v.PathMtu.Mss6 : v.PathMtu.Mss4)}")
                    .Concat(s.Agent(evidence).Wrong(ConditionNames.MssClamp).Select(DiagnosisText.Text)));
        }
    }
}
