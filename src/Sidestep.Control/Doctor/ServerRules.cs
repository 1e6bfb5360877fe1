using Sidestep.Api;
using Sidestep.Forwarding;

namespace Sidestep.Control.Doctor;

/// <summary>What a server is not prepared for.</summary>
internal static class ServerRules
{
    /// <summary>TTL that Windows sends with; Linux and most others have 64, network equipment 255.</summary>
    private const int WindowsTtl = 128;

    /// <summary>Routers between that are still believed.</summary>
    private const int MostHops = 30;

    internal static IEnumerable<Diagnosis> Windows(Evidence evidence, IReadOnlyList<Diagnosis> before)
    {
        foreach (var s in evidence.Servers)
        {
            var layer3 = s.Services.Where(static v => v.Way != Way.Layer2).ToArray();
            var agent = s.Agent(evidence);
            var said = agent?.OperatingSystem == "windows";
            // Without an agent there is only what the network stack sounds like; with one, it says what it is.
            var sounds = agent is null && s.OwnTtl is > WindowsTtl - MostHops and <= WindowsTtl && layer3.Any(static v => v.IsDead());
            if (layer3.Length == 0 || !(said || sounds))
                continue;
            yield return Saying.Of(DiagnosisNames.WindowsInLayer3, Severity.Broken, s.Name, layer3.Names(),
                $"{s.Name} {(said ? "is" : "looks like")} a Windows server in a layer-3 pool: Windows has nothing that takes {Ways(layer3)} off.",
                "Give the service a network profile with dsrType: l2 and put the server on the director's network; or use a Linux server",
                [said ? "agent: operating system windows" : $"director: answers of {s.Address} have TTL {s.OwnTtl}, as Windows sends them, and no agent reports", .. layer3.Select(Saying.Text)]);
        }
    }

    internal static IEnumerable<Diagnosis> VipMissing(Evidence evidence, IReadOnlyList<Diagnosis> before)
    {
        foreach (var s in evidence.Servers)
        {
            if (s.Agent(evidence) is not { Devices.IsEmpty: false } agent)
                continue;
            foreach (var vip in s.Services.GroupBy(static v => v.Vip))
            {
                if (agent.Devices.SelectMany(static d => d.Addresses).Any(a => a == vip.Key.ToString() || a.StartsWith(vip.Key + "/", StringComparison.Ordinal))
                    || agent.Conditions.Any(c => c.Name == ConditionNames.Vip && c.Verdict == Verdict.Ok && c.Subject == vip.Key.ToString()))
                    continue;
                yield return Saying.Of(DiagnosisNames.VipMissing, Severity.Broken, s.Name, vip.Names(),
                    $"{s.Name} does not have the VIP {vip.Key}: it throws its packets away, or sends them on.",
                    $"On the server, after arp_ignore and arp_announce are set: ip address add {vip.Key}/{(vip.First().IsIPv6 ? 128 : 32)} dev lo scope host; or run sidestep-agent, which keeps it there",
                    [
                        $"agent: {vip.Key} is on none of {string.Join(", ", agent.Devices.Select(static d => d.Name))}",
                        .. agent.Wrong(ConditionNames.Vip).Where(c => c.Subject == vip.Key.ToString()).Select(Saying.Text),
                        .. vip.Select(Saying.Text),
                    ]);
            }
        }
    }

    internal static IEnumerable<Diagnosis> DecapsulationMissing(Evidence evidence, IReadOnlyList<Diagnosis> before)
    {
        foreach (var s in evidence.Servers)
        {
            var layer3 = s.Services.Where(static v => v.Way != Way.Layer2).ToArray();
            var wrong = s.Agent(evidence).Wrong(ConditionNames.Decapsulation).ToArray();
            if (layer3.Length > 0 && wrong.Length > 0)
                yield return Saying.Of(DiagnosisNames.DecapsulationMissing, Severity.Broken, s.Name, layer3.Names(),
                    $"Nothing on {s.Name} takes the outer header ({Ways(layer3)}) off.",
                    wrong[0].Cure.Length > 0 ? wrong[0].Cure : "On the server: sidestep-agent run, or sidestep-agent apply --decapsulate",
                    [.. wrong.Select(Saying.Text), .. layer3.Select(Saying.Text)]);
        }
    }

    internal static IEnumerable<Diagnosis> DecapsulationRefuses(Evidence evidence, IReadOnlyList<Diagnosis> before)
    {
        foreach (var s in evidence.Servers)
        {
            var layer3 = s.Services.Where(static v => v.Way != Way.Layer2).ToArray();
            var wrong = s.Agent(evidence).Wrong(ConditionNames.DecapsulationSources).ToArray();
            var refused = s.Growth(CounterNames.RefusedSource);
            // Refusing is what it is for: only with a dead path is it this director that was refused.
            var dead = layer3.Where(static v => v.IsDead()).ToArray();
            if (layer3.Length > 0 && (wrong.Length > 0 || refused > 0 && dead.Length > 0))
                yield return Saying.Of(DiagnosisNames.DecapsulationRefusesDirector, Severity.Broken, s.Name, layer3.Names(),
                    $"{s.Name} takes outer headers off, but refuses those of this director ({string.Join(", ", evidence.DirectorAddresses)}).",
                    "Give the agent the duties of this director (sidestep-agent run), or name its address: sidestep-agent apply --director ADDRESS",
                    [.. wrong.Select(Saying.Text), $"agent: {refused} refused while probes were sent", .. layer3.Select(Saying.Text)]);
        }
    }

    internal static IEnumerable<Diagnosis> ReversePathFilter(Evidence evidence, IReadOnlyList<Diagnosis> before)
    {
        foreach (var s in evidence.Servers)
        {
            var wrong = s.Agent(evidence).Wrong(ConditionNames.RpFilter).ToArray();
            var dropped = s.Growth(CounterNames.ReversePathFilter);
            var dead = s.Services.Where(static v => v.IsDead()).ToArray();
            if (wrong.Length > 0 || dropped > 0 && dead.Length > 0)
                yield return Saying.Of(DiagnosisNames.StrictReversePathFilter, dropped > 0 ? Severity.Broken : Severity.Impaired, s.Name, s.Services.Names(),
                    $"The reverse-path filter of {s.Name} is strict: it drops clients' packets that come in by another interface than the way back to the client, where tcpdump still shows them.",
                    "On the server: sysctl -w net.ipv4.conf.DEVICE.rp_filter=2 on the devices that packets come in by, tunnels included (the larger value of DEVICE and all counts)",
                    [.. wrong.Select(Saying.Text), $"agent: IPReversePathFilter grew by {dropped} while probes were sent", .. dead.Select(Saying.Text)]);
        }
    }

    internal static IEnumerable<Diagnosis> Checksums(Evidence evidence, IReadOnlyList<Diagnosis> before)
    {
        foreach (var s in evidence.Servers)
        {
            var (tcp, udp) = (s.Growth(CounterNames.TcpChecksumErrors), s.Growth(CounterNames.UdpChecksumErrors));
            if (tcp + udp > 0)
                yield return Saying.Of(DiagnosisNames.ChecksumOffloadBroken, Severity.Broken, s.Name, s.Services.Names(),
                    $"Packets arrive at {s.Name} with wrong checksums: somebody before the director left them to hardware that does not do it.",
                    "On virtual machines and bridges before the director, and on the director's own interfaces: ethtool -K DEVICE tx off",
                    $"agent: Tcp InCsumErrors grew by {tcp}, Udp InCsumErrors by {udp} while it was looked at");
        }
    }

    private static string Ways(IEnumerable<ServiceEvidence> services) => string.Join(", ", services.Select(static v => v.Way.ToString()).Distinct());
}
