using System.Collections.Immutable;
using System.Net;
using Sidestep.Api;

namespace Sidestep.Control.Doctor;

/// <summary>Derives diagnoses from evidence.</summary>
/// <remarks>Pure: the same evidence gives the same diagnoses, and rules use nothing else.</remarks>
public static class DiagnosisRules
{
    /// <summary>Finds one fault, or a few that belong together.</summary>
    /// <param name="evidence">All evidence.</param>
    /// <param name="earlier">The diagnoses of earlier rules: possible causes of what this rule may find.</param>
    internal delegate IEnumerable<Diagnosis> Rule(Evidence evidence, IReadOnlyList<Diagnosis> earlier);

    /// <summary>Causes before their consequences, and mere warnings at the end.</summary>
    private static readonly ImmutableArray<Rule> InOrder =
    [
        InterfaceRules.Missing, InterfaceRules.Down, InterfaceRules.Detached,
        DirectorRules.VipLocal, DirectorRules.ProbeRepliesDropped,
        VipConflictRules.OtherHostAnswers, VipConflictRules.ServerAnswersArp, VipConflictRules.ServerAdvertises,
        DirectorRules.NoServer,
        ReachabilityRules.NoRoute, ReachabilityRules.NotAttached, ReachabilityRules.Unresolved, ReachabilityRules.Stale,
        ServerRules.Windows, ServerRules.VipMissing, ServerRules.DecapsulationMissing, ServerRules.DecapsulationRejects,
        ServerRules.ReversePathFilter,
        ListeningRules.Listening,
        ReturnPathRules.WrongSource, ReturnPathRules.DefaultRoute, ReturnPathRules.LinkLocal, ServerRules.Checksums,
        ReturnPathRules.ServerDrops, ReturnPathRules.ReplyDropped, ReturnPathRules.PathDown,
        ReturnPathRules.HealthChecksFailing,
        PacketSizeRules.Mtu, PacketSizeRules.Mss,
        DirectorRules.XdpMode, AgentRules.Drift, AgentRules.Silent, AgentRules.Clock, AgentRules.Version,
    ];

    /// <summary>All diagnoses, in the order of <see cref="DiagnosisNames.All"/>.</summary>
    public static ImmutableArray<Diagnosis> Diagnose(Evidence evidence)
    {
        ArgumentNullException.ThrowIfNull(evidence);
        var found = new List<Diagnosis>();
        foreach (var rule in InOrder)
            found.AddRange(rule(evidence, found).ToArray());
        // The same fault at several VIPs and ports of a server is one diagnosis.
        return
        [
            .. found
                .GroupBy(static d =>
                    (d.Name, d.Server, d.Server is null ? d.Summary : "", string.Join(' ', d.Services)))
                .Select(static g => g.First() with
                {
                    Evidence = [.. g.SelectMany(static d => d.Evidence).Distinct()],
                    Severity = g.Min(static d => d.Severity),
                })
                .OrderBy(static d => DiagnosisNames.All.IndexOf(d.Name)),
        ];
    }
}

/// <summary>Diagnoses and evidence as text, and look-ups that several rules need.</summary>
internal static class DiagnosisText
{
    /// <summary>A diagnosis with its services in order and each line of evidence once.</summary>
    /// <param name="name">One of <see cref="DiagnosisNames"/>.</param>
    /// <param name="severity">How bad it is.</param>
    /// <param name="server">Name of the real server; null: the fault is the director's, or of another host.</param>
    /// <param name="services">Names of the affected services.</param>
    /// <param name="summary">One sentence.</param>
    /// <param name="remedy">The command or setting that repairs the fault.</param>
    /// <param name="evidence">Lines, each with its source: <c>director: ...</c> or <c>agent: ...</c>.</param>
    internal static Diagnosis Create(
        string name, Severity severity, string? server, IEnumerable<string> services, string summary, string remedy,
        params IEnumerable<string> evidence) => new()
        {
            Name = name,
            Severity = severity,
            Server = server,
            Services = [.. services.Distinct().Order(StringComparer.Ordinal)],
            Summary = summary,
            Remedy = remedy,
            Evidence = [.. evidence.Distinct()],
        };

    internal static ImmutableArray<string> ServicesOf(Evidence evidence, IPAddress vip) =>
        evidence.ServicesByVip.GetValueOrDefault(vip, []);

    internal static IEnumerable<string> Names(this IEnumerable<ServiceEvidence> services) =>
        services.Select(static s => s.Name);

    /// <summary>Conditions of this name that the agent reports as wrong; none without an agent.</summary>
    internal static IEnumerable<Condition> Wrong(this AgentReport? agent, string name) =>
        agent?.Conditions.Where(c => c.Status == ConditionStatus.Wrong && c.Name == name) ?? [];

    internal static string Text(this Condition condition)
    {
        var subject = condition.Subject.Length > 0 ? $" ({condition.Subject})" : "";
        return $"agent: {condition.Name}{subject} is {condition.Found}, wanted {condition.Expected}";
    }

    /// <summary>True if a probe of the DSR path got no reply; false also when the path was not probed.</summary>
    internal static bool IsDown(this ServiceEvidence service) => service.DsrPathProbe is { Reply: ProbeReply.NoReply };

    internal static string Text(this ServiceEvidence service) => service.DsrPathProbe is null
        ? $"{service.Where}: not probed"
        : $"director: probe through the DSR path to {service.Where}: {service.DsrPathProbe.Reply switch
        {
            ProbeReply.Answered => "answered",
            ProbeReply.Refused => "refused",
            ProbeReply.OtherSource => $"answered by {service.DsrPathProbe.From}",
            ProbeReply.NoReply => "no answer",
            _ => "not sent",
        }}{(service.DsrPathProbe.Detail.Length > 0 ? $" ({service.DsrPathProbe.Detail})" : "")}";

    /// <summary>True if an earlier diagnosis of this server explains why its path is down.</summary>
    internal static bool Explains(this IReadOnlyList<Diagnosis> earlier, string server) =>
        earlier.Any(d => d.Server == server && d.Severity == Severity.Broken);

    /// <summary>True if an earlier diagnosis explains why the server's path is down, or the director's own kernel
    /// consumes or drops the server's replies to probes.</summary>
    internal static bool Explains(this IReadOnlyList<Diagnosis> earlier, ServerEvidence server) =>
        earlier.Explains(server.Name) || earlier.Any(d =>
            d.Name is DiagnosisNames.VipLocalOnDirector or DiagnosisNames.ProbeRepliesDropped
            && server.Services.Any(s => d.Services.Contains(s.Name)));
}
