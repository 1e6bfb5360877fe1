using System.Collections.Immutable;
using System.Net;
using Sidestep.Api;

namespace Sidestep.Control.Doctor;

/// <summary>From evidence to diagnoses.</summary>
/// <remarks>Pure: the same evidence gives the same diagnoses, and nothing else is known of what may be wrong.</remarks>
public static class DiagnosisRules
{
    /// <summary>Looks at one thing.</summary>
    /// <param name="evidence">All there is.</param>
    /// <param name="earlier">What was found already: causes of what this rule may find.</param>
    internal delegate IEnumerable<Diagnosis> Rule(Evidence evidence, IReadOnlyList<Diagnosis> earlier);

    /// <summary>Causes before their consequences, and what merely warns at the end.</summary>
    private static readonly ImmutableArray<Rule> InOrder =
    [
        DirectorRules.VipLocal, VipConflictRules.OtherHostAnswers, VipConflictRules.ServerAnswersArp, VipConflictRules.ServerAdvertises,
        ReachabilityRules.NoRoute, ReachabilityRules.NotAttached, ReachabilityRules.Unresolved, ReachabilityRules.Stale,
        ServerRules.Windows, ServerRules.VipMissing, ServerRules.DecapsulationMissing, ServerRules.DecapsulationRejects, ServerRules.ReversePathFilter,
        ListeningRules.Listening,
        ReturnPathRules.WrongSource, ReturnPathRules.DefaultRoute, ReturnPathRules.LinkLocal, ServerRules.Checksums, ReturnPathRules.ServerDrops, ReturnPathRules.ReplyDropped,
        ReturnPathRules.PathDown, ReturnPathRules.HealthChecksFailing, PacketSizeRules.Mtu, PacketSizeRules.Mss,
        DirectorRules.XdpMode, AgentRules.Drift, AgentRules.Silent, AgentRules.Clock, AgentRules.Version,
    ];

    /// <summary>All that is wrong, in the order of <see cref="DiagnosisNames.All"/>.</summary>
    public static ImmutableArray<Diagnosis> Diagnose(Evidence evidence)
    {
        ArgumentNullException.ThrowIfNull(evidence);
        var found = new List<Diagnosis>();
        foreach (var rule in InOrder)
            found.AddRange(rule(evidence, found).ToArray());
        // The same of several VIPs and ports of a server is one trouble.
        return
        [
            .. found.GroupBy(static d => (d.Name, d.Server, d.Server is null ? d.Summary : "", string.Join(' ', d.Services)))
                .Select(static g => g.First() with { Evidence = [.. g.SelectMany(static d => d.Evidence).Distinct()], Severity = g.Min(static d => d.Severity) })
                .OrderBy(static d => DiagnosisNames.All.IndexOf(d.Name)),
        ];
    }
}

/// <summary>What rules have in common.</summary>
internal static class DiagnosisText
{
    internal static Diagnosis Create(string name, Severity severity, string? server, IEnumerable<string> services, string summary, string remedy, params IEnumerable<string> evidence) => new()
    {
        Name = name,
        Severity = severity,
        Server = server,
        Services = [.. services.Distinct().Order(StringComparer.Ordinal)],
        Summary = summary,
        Remedy = remedy,
        Evidence = [.. evidence.Distinct()],
    };

    internal static ImmutableArray<string> ServicesOf(Evidence evidence, IPAddress vip) => evidence.ServicesByVip.GetValueOrDefault(vip, []);

    internal static IEnumerable<string> Names(this IEnumerable<ServiceEvidence> services) => services.Select(static s => s.Name);

    /// <summary>Conditions of a name that the agent finds wrong.</summary>
    internal static IEnumerable<Condition> Wrong(this AgentReport? agent, string name) =>
        agent?.Conditions.Where(c => c.Status == ConditionStatus.Wrong && c.Name == name) ?? [];

    internal static string Text(this Condition condition) =>
        $"agent: {condition.Name}{(condition.Subject.Length > 0 ? $" ({condition.Subject})" : "")} is {condition.Found}, wanted {condition.Expected}";

    /// <summary>A path that does not work, and of which it is known.</summary>
    internal static bool IsDown(this ServiceEvidence service) => service.DsrPathProbe is { Reply: ProbeReply.NoReply };

    internal static string Text(this ServiceEvidence service) => service.DsrPathProbe is null ? $"{service.Where}: not probed"
        : $"director: probe through the DSR path to {service.Where}: {service.DsrPathProbe.Reply switch
        {
            ProbeReply.Answered => "answered",
            ProbeReply.Refused => "refused",
            ProbeReply.OtherSource => $"answered by {service.DsrPathProbe.From}",
            ProbeReply.NoReply => "no answer",
            _ => "not sent",
        }}{(service.DsrPathProbe.Detail.Length > 0 ? $" ({service.DsrPathProbe.Detail})" : "")}";

    /// <summary>Whether something that makes a path dead was found for this server.</summary>
    internal static bool Explains(this IReadOnlyList<Diagnosis> earlier, string server) =>
        earlier.Any(d => d.Server == server && d.Severity == Severity.Broken);

    /// <summary>The same, or something of the director's that keeps the server's answers from its probes.</summary>
    internal static bool Explains(this IReadOnlyList<Diagnosis> earlier, ServerEvidence server) => earlier.Explains(server.Name)
        || earlier.Any(d => d.Name == DiagnosisNames.VipLocalOnDirector && server.Services.Any(s => d.Services.Contains(s.Name)));
}
