using System.Net;
using System.Net.Sockets;
using Sidestep.Api;
using Sidestep.Model;

namespace Sidestep.Control.Doctor;

/// <summary>Rules for applications that do not listen where clients connect: on the VIP and the port of the
/// service.</summary>
internal static class ListeningRules
{
    internal static IEnumerable<Diagnosis> Listening(Evidence evidence, IReadOnlyList<Diagnosis> earlier)
    {
        foreach (var s in evidence.Servers)
        {
            // An agent lists the sockets of these two, and the doctor has probes for them.
            foreach (var v in s.Services.Where(static v => v.Port != 0
                && v.Protocol is TransportProtocol.Tcp or TransportProtocol.Udp))
            {
                if (s.Agent(evidence) is { Listeners.IsEmpty: false } agent)
                {
                    if (FromListeners(evidence, s, v, agent) is { } found)
                        yield return found;
                }
                else if (FromProbes(s, v) is { } inferred)
                    yield return inferred;
            }
        }
    }

    private static Diagnosis? FromListeners(Evidence evidence, ServerEvidence s, ServiceEvidence v, AgentReport agent)
    {
        var protocol = v.Protocol.ToString().ToLowerInvariant();
        var all = agent.Listeners.Where(l => l.Protocol == protocol).ToArray();
        var here = all.Where(l => l.Port == v.Port).ToArray();
        if (here.Any(l => Covers(l, v.Vip)))
            return null;
        if (here.Length > 0)
            return OnServerAddress(s, v, [$"agent: {string.Join("; ", here.Select(Text))}", v.Text()]);
        if (FindOtherPort(evidence, s, v, protocol, all) is { } other)
            return DiagnosisText.Create(DiagnosisNames.PortMismatch, Severity.Broken, s.Name, [v.Name],
                $"The application of {s.Name} listens on port {other.Port}; the service is on {v.Port}, and direct "
                    + "server return changes no port.",
                $"Let the application listen on {v.Port}, or give the service the port {other.Port}",
                $"agent: {Text(other)}", v.Text());
        return NotListening(s, v, [$"agent: nothing listens on {protocol} port {v.Port}", v.Text()]);
    }

    private static Diagnosis? FromProbes(ServerEvidence s, ServiceEvidence v) => (v.DsrPathProbe?.Reply,
        v.DirectProbe?.Reply) switch
    {
        (ProbeReply.Refused, ProbeReply.Answered) =>
            OnServerAddress(s, v, [v.Text(), $"director: {s.Address} answers on port {v.Port}"]),
        (ProbeReply.Refused, _) => NotListening(s, v, [v.Text()]),
        _ => null,
    };

    private static Diagnosis OnServerAddress(ServerEvidence s, ServiceEvidence v, string[] evidence) =>
        DiagnosisText.Create(DiagnosisNames.ListeningOnServerAddressOnly, Severity.Broken, s.Name, [v.Name],
        $"The application of {s.Name} listens on port {v.Port} of the server's own address, and not on the VIP "
            + $"{v.Vip}.",
        $"Let it listen on {v.Vip}:{v.Port}, or on all addresses", evidence);

    private static Diagnosis NotListening(ServerEvidence s, ServiceEvidence v, string[] evidence) =>
        DiagnosisText.Create(DiagnosisNames.NotListening, Severity.Broken, s.Name, [v.Name],
        $"Nothing on {s.Name} listens on {v.Where}.",
        "Start the application, and check that it listens on the VIP or on all addresses", evidence);

    /// <summary>The socket that is probably the application's; null: none is. First a socket on the VIP itself with
    /// another port. Then the program that serves this service on other servers, on a port that it does not use there.
    /// If programs are not known, a port that no other server of the service uses, while another one has the service's
    /// port.</summary>
    private static Listener? FindOtherPort(
        Evidence evidence, ServerEvidence s, ServiceEvidence v, string protocol, Listener[] all)
    {
        var known = s.Services.Where(o => o.Vip.Equals(v.Vip) && o.Protocol == v.Protocol).Select(static o => o.Port)
            .ToHashSet();
        if (all.FirstOrDefault(l => l.Address.Equals(v.Vip) && !known.Contains(l.Port)) is { } onVip)
            return onVip;
        var others = evidence.Servers.Where(o => o != s && o.Services.Any(w => w.Name == v.Name))
            .SelectMany(o => o.Agent(evidence)?.Listeners ?? []).Where(l => l.Protocol == protocol).ToArray();
        var serving = others.Where(l => l.Port == v.Port).ToArray();
        var programs = serving.Select(static l => l.Program).OfType<string>().ToHashSet();
        return serving.Length == 0 ? null
            : all.FirstOrDefault(l => (programs.Count == 0 || programs.Contains(l.Program ?? ""))
            && Covers(l, v.Vip) && !known.Contains(l.Port) && !others.Any(o => o.Port == l.Port));
    }

    /// <summary>A socket on [::] also accepts IPv4, unless the application sets IPV6_V6ONLY, which the report does not
    /// show.</summary>
    private static bool Covers(Listener listener, IPAddress vip) => listener.Address.Equals(vip)
        || listener.Address.Equals(IPAddress.IPv6Any)
        || listener.Address.Equals(IPAddress.Any) && vip.AddressFamily == AddressFamily.InterNetwork;

    private static string Text(Listener l) =>
        $"{l.Program ?? "a program"} listens on {new IPEndPoint(l.Address, l.Port)} ({l.Protocol})";
}
