using Sidestep.Api;
using Sidestep.Forwarding;

namespace Sidestep.Control.Doctor;

/// <summary>What a server is not prepared for.</summary>
internal static class ServerRules
{
    /// <summary>TTL that Windows sends with; Linux and most others have 64, network equipment 255.</summary>
    private const int WindowsTtl = 128;

    /// <summary>Routers between that are still believed.</summary>
    private const int MaxHops = 30;

    internal static IEnumerable<Diagnosis> Windows(Evidence evidence, IReadOnlyList<Diagnosis> earlier)
    {
        foreach (var s in evidence.Servers)
        {
            var layer3 = s.Services.Where(static v => v.Encap != Encap.Layer2).ToArray();
            var agent = s.Agent(evidence);
            var isReported = agent?.OperatingSystem == "windows";
            // Without an agent there is only what the network stack sounds like; with one, it says what it is.
            var looksLikeWindows = agent is null && s.ReplyTtl is > WindowsTtl - MaxHops and <= WindowsTtl && layer3.Any(static v => v.IsDown());
            if (layer3.Length == 0 || !(isReported || looksLikeWindows))
                continue;
            yield return DiagnosisText.Create(DiagnosisNames.WindowsInLayer3, Severity.Broken, s.Name, layer3.Names(),
                $"{s.Name} {(isReported ? "is" : "looks like")} a Windows server in a layer-3 pool: Windows has nothing that takes {Encaps(layer3)} off.",
                "Give the service a network profile with dsrType: l2 and put the server on the director's network; or use a Linux server",
                [isReported ? "agent: operating system windows" : $"director: answers of {s.Address} have TTL {s.ReplyTtl}, as Windows sends them, and no agent reports", .. layer3.Select(DiagnosisText.Text)]);
        }
    }

    internal static IEnumerable<Diagnosis> VipMissing(Evidence evidence, IReadOnlyList<Diagnosis> earlier)
    {
        foreach (var s in evidence.Servers)
        {
            if (s.Agent(evidence) is not { Devices.IsEmpty: false } agent)
                continue;
            foreach (var vip in s.Services.GroupBy(static v => v.Vip))
            {
                if (agent.Devices.SelectMany(static d => d.Addresses).Any(a => a == vip.Key.ToString() || a.StartsWith(vip.Key + "/", StringComparison.Ordinal))
                    || agent.Conditions.Any(c => c.Name == ConditionNames.Vip && c.Status == ConditionStatus.Ok && c.Subject == vip.Key.ToString()))
                    continue;
                yield return DiagnosisText.Create(DiagnosisNames.VipMissing, Severity.Broken, s.Name, vip.Names(),
                    $"{s.Name} does not have the VIP {vip.Key}: it throws its packets away, or sends them on.",
                    $"On the server, after arp_ignore and arp_announce are set: ip address add {vip.Key}/{(vip.First().IsIPv6 ? 128 : 32)} dev lo scope host; or run sidestep-agent, which keeps it there",
                    [
                        $"agent: {vip.Key} is on none of {string.Join(", ", agent.Devices.Select(static d => d.Name))}",
                        .. agent.Wrong(ConditionNames.Vip).Where(c => c.Subject == vip.Key.ToString()).Select(DiagnosisText.Text),
                        .. vip.Select(DiagnosisText.Text),
                    ]);
            }
        }
    }

    internal static IEnumerable<Diagnosis> DecapsulationMissing(Evidence evidence, IReadOnlyList<Diagnosis> earlier)
    {
        foreach (var s in evidence.Servers)
        {
            var layer3 = s.Services.Where(static v => v.Encap != Encap.Layer2).ToArray();
            var wrong = s.Agent(evidence).Wrong(ConditionNames.Decapsulation).ToArray();
            if (layer3.Length > 0 && wrong.Length > 0)
                yield return DiagnosisText.Create(DiagnosisNames.DecapsulationMissing, Severity.Broken, s.Name, layer3.Names(),
                    $"Nothing on {s.Name} takes the outer header ({Encaps(layer3)}) off.",
                    wrong[0].Remedy.Length > 0 ? wrong[0].Remedy : "On the server: sidestep-agent run, or sidestep-agent apply --decapsulate",
                    [.. wrong.Select(DiagnosisText.Text), .. layer3.Select(DiagnosisText.Text)]);
        }
    }

    internal static IEnumerable<Diagnosis> DecapsulationRejects(Evidence evidence, IReadOnlyList<Diagnosis> earlier)
    {
        foreach (var s in evidence.Servers)
        {
            var layer3 = s.Services.Where(static v => v.Encap != Encap.Layer2).ToArray();
            var wrong = s.Agent(evidence).Wrong(ConditionNames.DecapsulationSources).ToArray();
            var rejected = s.Growth(AgentCounterNames.RejectedSource);
            // Refusing is what it is for: only with a dead path is it this director that was refused.
            var down = layer3.Where(static v => v.IsDown()).ToArray();
            if (layer3.Length > 0 && (wrong.Length > 0 || rejected > 0 && down.Length > 0))
                yield return DiagnosisText.Create(DiagnosisNames.DecapsulationRejectsDirector, Severity.Broken, s.Name, layer3.Names(),
                    $"{s.Name} takes outer headers off, but refuses those of this director ({string.Join(", ", evidence.DirectorAddresses)}).",
                    "Give the agent the duties of this director (sidestep-agent run), or name its address: sidestep-agent apply --director ADDRESS",
                    [.. wrong.Select(DiagnosisText.Text), $"agent: {rejected} refused while probes were sent", .. layer3.Select(DiagnosisText.Text)]);
        }
    }

    internal static IEnumerable<Diagnosis> ReversePathFilter(Evidence evidence, IReadOnlyList<Diagnosis> earlier)
    {
        foreach (var s in evidence.Servers)
        {
            var wrong = s.Agent(evidence).Wrong(ConditionNames.RpFilter).ToArray();
            var dropped = s.Growth(AgentCounterNames.ReversePathFilter);
            var down = s.Services.Where(static v => v.IsDown()).ToArray();
            if (wrong.Length > 0 || dropped > 0 && down.Length > 0)
                yield return DiagnosisText.Create(DiagnosisNames.StrictReversePathFilter, dropped > 0 ? Severity.Broken : Severity.Impaired, s.Name, s.Services.Names(),
                    $"The reverse-path filter of {s.Name} is strict: it drops clients' packets that come in by another interface than the way back to the client, where tcpdump still shows them.",
                    "On the server: sysctl -w net.ipv4.conf.DEVICE.rp_filter=2 on the devices that packets come in by, tunnels included (the larger value of DEVICE and all counts)",
                    [.. wrong.Select(DiagnosisText.Text), $"agent: IPReversePathFilter grew by {dropped} while probes were sent", .. down.Select(DiagnosisText.Text)]);
        }
    }

    internal static IEnumerable<Diagnosis> Checksums(Evidence evidence, IReadOnlyList<Diagnosis> earlier)
    {
        foreach (var s in evidence.Servers)
        {
            var (tcp, udp) = (s.Growth(AgentCounterNames.TcpChecksumErrors), s.Growth(AgentCounterNames.UdpChecksumErrors));
            if (tcp + udp > 0)
                yield return DiagnosisText.Create(DiagnosisNames.ChecksumOffloadBroken, Severity.Broken, s.Name, s.Services.Names(),
                    $"Packets arrive at {s.Name} with wrong checksums: somebody before the director left them to hardware that does not do it.",
                    "On virtual machines and bridges before the director, and on the director's own interfaces: ethtool -K DEVICE tx off",
                    $"agent: Tcp InCsumErrors grew by {tcp}, Udp InCsumErrors by {udp} while it was looked at");
        }
    }

    private static string Encaps(IEnumerable<ServiceEvidence> services) => string.Join(", ", services.Select(static v => v.Encap.ToString()).Distinct());
}
