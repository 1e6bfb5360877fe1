using Sidestep.Api;
using Sidestep.Forwarding;
using Sidestep.Model;

namespace Sidestep.Control.Doctor;

/// <summary>What fits.</summary>
internal static class SizeRules
{
    internal static IEnumerable<Diagnosis> Mtu(Evidence evidence, IReadOnlyList<Diagnosis> before)
    {
        foreach (var s in evidence.Servers)
        {
            var small = s.Services.Where(static v => v.Size is { Passed: { } passed } size && passed < size.Wanted).ToArray();
            if (small.Length == 0)
                continue;
            var worst = small.MinBy(static v => v.Size!.Passed)!;
            yield return Saying.Of(DiagnosisNames.MtuTooSmall, Severity.Impaired, s.Name, small.Names(),
                $"On the way to {s.Name} only {worst.Size!.Passed} bytes of a packet fit{(worst.Way == Way.Layer2 ? "" : $" into {worst.Way}")}; the director's interface takes {worst.Size.Wanted}: larger requests hang.",
                "Raise the MTU of the links between director and server, or lower that of the director's interface to what passes, so that clients are told",
                small.Select(static v => $"director: echo to {v.Vip} with {v.Size!.Wanted} bytes: no answer; with {v.Size.Passed} bytes: answered")
                    .Concat(small.Select(static v => v.Size!.Told).OfType<string>().Select(static t => $"director: {t}")));
        }
    }

    internal static IEnumerable<Diagnosis> Mss(Evidence evidence, IReadOnlyList<Diagnosis> before)
    {
        foreach (var s in evidence.Servers)
        {
            var wide = s.Services.Where(static v => v is { Protocol: TransportProtocol.Tcp, Room: { Overhead: > 0 } room, Path: { Mss: { } mss } }
                && mss > (v.IsIPv6 ? room.Mss6 : room.Mss4)).ToArray();
            if (wide.Length == 0)
                continue;
            yield return Saying.Of(DiagnosisNames.MssNotClamped, Severity.Impaired, s.Name, wide.Names(),
                $"{s.Name} asks clients for segments of {wide[0].Path!.Mss} bytes; with the outer header {(wide[0].IsIPv6 ? wide[0].Room!.Mss6 : wide[0].Room!.Mss4)} fit: uploads hang where ICMP does not get through.",
                "Run sidestep-agent on the server, which clamps it; or there: ip route change default via ROUTER dev DEVICE advmss BYTES",
                wide.Select(static v => $"director: SYN-ACK of {v.Where} says MSS {v.Path!.Mss}; MTU {v.Room!.DirectorMtu} less {v.Room.Overhead} for {v.Way} leaves {(v.IsIPv6 ? v.Room.Mss6 : v.Room.Mss4)}")
                    .Concat(s.Agent(evidence).Wrong(ConditionNames.MssClamp).Select(Saying.Text)));
        }
    }
}
