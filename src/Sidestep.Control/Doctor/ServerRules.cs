using Sidestep.Api;
using Sidestep.Forwarding;

namespace Sidestep.Control.Doctor;

/// <summary>Settings of a real server that DSR needs and that the server lacks.</summary>
internal static class ServerRules
{
    /// <summary>The initial TTL of Windows. Linux and most other systems use 64, network equipment 255.</summary>
    private const int WindowsTtl = 128;

    /// <summary>The most routers that a reply may have passed and still be recognised by its TTL.</summary>
    private const int MaxHops = 30;

    internal static IEnumerable<Diagnosis> Windows(Evidence evidence, IReadOnlyList<Diagnosis> earlier)
    {
        foreach (var s in evidence.Servers)
        {
            var layer3 = Layer3(s);
            var agent = s.Agent(evidence);
            var isReported = agent?.OperatingSystem == "windows";
            // An agent reports the operating system. Without one, only the TTL of replies indicates it.
            var looksLikeWindows = agent is null && s.ReplyTtl is > WindowsTtl - MaxHops and <= WindowsTtl
                && layer3.Any(static v => v.IsDown());
            if (layer3.Length == 0 || !(isReported || looksLikeWindows))
                continue;
            yield return DiagnosisText.Create(DiagnosisNames.WindowsInLayer3, Severity.Broken, s.Name, layer3.Names(),
                $"{s.Name} {(isReported ? "is" : "looks like")} a Windows server in a layer-3 pool: Windows cannot "
                    + $"decapsulate {Encaps(layer3)}.",
                "Give the service a network profile with dsrType: l2 and put the server on the director's network; or "
                    + "use a Linux server",
                [
                    isReported ? "agent: operating system windows"
                        : $"director: replies of {s.Address} have TTL {s.ReplyTtl}, as Windows sends them, and no "
                            + "agent reports",
                    .. layer3.Select(DiagnosisText.Text),
                ]);
        }
    }

    internal static IEnumerable<Diagnosis> VipMissing(Evidence evidence, IReadOnlyList<Diagnosis> earlier)
    {
        foreach (var s in evidence.Servers)
        {
            if (s.Agent(evidence) is not { Devices.IsEmpty: false } agent)
                continue;
            foreach (var vip in s.Services.GroupBy(static v => v.Vip).Where(g => !HasVip(agent, g.Key.ToString())))
            {
                yield return DiagnosisText.Create(DiagnosisNames.VipMissing, Severity.Broken, s.Name, vip.Names(),
                    $"{s.Name} does not have the VIP {vip.Key}: it drops packets for it, or forwards them.",
                    "On the server, after arp_ignore and arp_announce are set: ip address add "
                        + $"{vip.Key}/{(vip.First().IsIPv6 ? 128 : 32)} dev lo scope host; or run sidestep-agent, "
                        + "which maintains it",
                    [
                        $"agent: {vip.Key} is on none of {string.Join(", ", agent.Devices.Select(static d => d.Name))}",
                        .. agent.Wrong(ConditionNames.Vip).Where(c => c.Subject == vip.Key.ToString())
                            .Select(DiagnosisText.Text),
                        .. vip.Select(DiagnosisText.Text),
                    ]);
            }
        }
    }

    /// <summary>True if the server has the VIP as an address, or if the agent's condition for the VIP is met. The agent
    /// also accepts a local prefix that contains the VIP.</summary>
    private static bool HasVip(AgentReport agent, string vip) =>
        agent.Devices.SelectMany(static d => d.Addresses)
            .Any(a => a == vip || a.StartsWith(vip + "/", StringComparison.Ordinal))
        || agent.Conditions
        .Any(c => c.Name == ConditionNames.Vip && c.Status == ConditionStatus.Ok && c.Subject == vip);

    internal static IEnumerable<Diagnosis> DecapsulationMissing(Evidence evidence, IReadOnlyList<Diagnosis> earlier)
    {
        foreach (var s in evidence.Servers)
        {
            var layer3 = Layer3(s);
            var wrong = s.Agent(evidence).Wrong(ConditionNames.Decapsulation).ToArray();
            if (layer3.Length > 0 && wrong.Length > 0)
                yield return DiagnosisText.Create(DiagnosisNames.DecapsulationMissing, Severity.Broken, s.Name,
                    layer3.Names(),
                    $"Nothing on {s.Name} removes the outer header ({Encaps(layer3)}).",
                    wrong[0].Remedy.Length > 0 ? wrong[0].Remedy
                        : "On the server: sidestep-agent run, or sidestep-agent apply --decapsulate",
                    [.. wrong.Select(DiagnosisText.Text), .. layer3.Select(DiagnosisText.Text)]);
        }
    }

    internal static IEnumerable<Diagnosis> DecapsulationRejects(Evidence evidence, IReadOnlyList<Diagnosis> earlier)
    {
        foreach (var s in evidence.Servers)
        {
            var layer3 = Layer3(s);
            var wrong = s.Agent(evidence).Wrong(ConditionNames.DecapsulationSources).ToArray();
            var rejected = s.Growth(AgentCounterNames.RejectedSource);
            // The filter is meant to reject other senders. Only with a path that is down was it this director that it
            // rejected.
            var rejectsDirector = rejected > 0 && layer3.Any(static v => v.IsDown());
            if (layer3.Length > 0 && (wrong.Length > 0 || rejectsDirector))
                yield return DiagnosisText.Create(
                    DiagnosisNames.DecapsulationRejectsDirector, Severity.Broken, s.Name, layer3.Names(),
                    $"{s.Name} decapsulates packets, but rejects those of this director "
                        + $"({string.Join(", ", evidence.DirectorAddresses)}).",
                    "Give the agent the spec of this director (sidestep-agent run), or name its address: "
                        + "sidestep-agent apply --director ADDRESS",
                    [
                        .. wrong.Select(DiagnosisText.Text), $"agent: {rejected} rejected while the director probed",
                        .. layer3.Select(DiagnosisText.Text),
                    ]);
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
                yield return DiagnosisText.Create(
                    DiagnosisNames.StrictReversePathFilter, dropped > 0 ? Severity.Broken : Severity.Impaired, s.Name,
                    s.Services.Names(),
                    $"The reverse-path filter of {s.Name} is strict: it drops clients' packets that arrive on another "
                        + "interface than the one that leads back to the client. tcpdump still shows them.",
                    "On the server: sysctl -w net.ipv4.conf.DEVICE.rp_filter=2 on the devices on which packets "
                        + "arrive, tunnels included (the larger value of DEVICE and all counts)",
                    [
                        .. wrong.Select(DiagnosisText.Text),
                        $"agent: IPReversePathFilter grew by {dropped} while the director probed",
                        .. down.Select(DiagnosisText.Text),
                    ]);
        }
    }

    internal static IEnumerable<Diagnosis> Checksums(Evidence evidence, IReadOnlyList<Diagnosis> earlier)
    {
        foreach (var s in evidence.Servers)
        {
            var tcp = s.Growth(AgentCounterNames.TcpChecksumErrors);
            var udp = s.Growth(AgentCounterNames.UdpChecksumErrors);
            if (tcp + udp > 0)
                yield return DiagnosisText.Create(DiagnosisNames.ChecksumOffloadBroken, Severity.Broken, s.Name,
                    s.Services.Names(),
                    $"Packets arrive at {s.Name} with wrong checksums: a host before the director leaves them to "
                        + "hardware that does not compute them.",
                    "On virtual machines and bridges before the director, and on the director's own interfaces: "
                        + "ethtool -K DEVICE tx off",
                    $"agent: Tcp InCsumErrors grew by {tcp}, Udp InCsumErrors by {udp} during the diagnosis");
        }
    }

    private static ServiceEvidence[] Layer3(ServerEvidence server) =>
        [.. server.Services.Where(static v => v.Encap != Encap.Layer2)];

    private static string Encaps(IEnumerable<ServiceEvidence> services) =>
        string.Join(", ", services.Select(static v => v.Encap.ToString()).Distinct());
}
