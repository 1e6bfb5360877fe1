using Sidestep.Api;
using Sidestep.Control.Agents;

namespace Sidestep.Control.Doctor;

/// <summary>Rules for the reports of agents: on the agents themselves, and on changes that other programs
/// made.</summary>
internal static class AgentRules
{
    /// <summary>The time for which the doctor still reports a repaired drift, because its cause will change the setting
    /// again.</summary>
    internal static readonly TimeSpan Recent = TimeSpan.FromMinutes(1);

    /// <summary>The largest difference of two clocks that is no fault. With NTP, clocks differ by
    /// milliseconds.</summary>
    internal static readonly TimeSpan MaxSkew = TimeSpan.FromSeconds(2);

    /// <summary>Conditions that have diagnoses of their own.</summary>
    private static readonly (string Condition, string Diagnosis)[] DiagnosesOfConditions =
    [
        (ConditionNames.ArpIgnore, DiagnosisNames.ServerAnswersArp),
        (ConditionNames.ArpAnnounce, DiagnosisNames.ServerAnswersArp),
        (ConditionNames.ArpFilter, DiagnosisNames.ServerAnswersArp),
        (ConditionNames.ProxyArp, DiagnosisNames.ServerAnswersArp),
        (ConditionNames.NeighbourSuppression, DiagnosisNames.ServerAdvertisesVip),
        (ConditionNames.Vip, DiagnosisNames.ServerAnswersArp),
        (ConditionNames.Vip, DiagnosisNames.ServerAdvertisesVip),
        (ConditionNames.Vip, DiagnosisNames.VipMissing),
        (ConditionNames.Decapsulation, DiagnosisNames.DecapsulationMissing),
        (ConditionNames.DecapsulationSources, DiagnosisNames.DecapsulationRejectsDirector),
        (ConditionNames.RpFilter, DiagnosisNames.StrictReversePathFilter),
        (ConditionNames.MssClamp, DiagnosisNames.MssNotClamped),
        (ConditionNames.DefaultRoute, DiagnosisNames.DefaultRouteMissing),
        (ConditionNames.DefaultRoute, DiagnosisNames.DefaultRouteToDirector),
    ];

    internal static IEnumerable<Diagnosis> Drift(Evidence evidence, IReadOnlyList<Diagnosis> earlier)
    {
        foreach (var s in evidence.Servers)
        {
            if (s.Agent(evidence) is not { } agent)
                continue;
            bool IsDiagnosed(string condition) => DiagnosesOfConditions
                .Any(n => n.Condition == condition && earlier.Any(d => d.Server == s.Name && d.Name == n.Diagnosis));
            // The agent's clock dated the drifts, so their age is by the agent's clock.
            var drifts = agent.Drifts
                .Where(d => agent.WallClock - (d.Repaired ?? agent.WallClock) <= Recent && !IsDiagnosed(d.Name))
                .ToArray();
            var wrong = agent.Conditions.Where(c => c.Status == ConditionStatus.Wrong && !IsDiagnosed(c.Name)
                && drifts.All(d => d.Name != c.Name || d.Subject != c.Subject)).ToArray();
            if (drifts.Length + wrong.Length == 0)
                continue;
            var severity = wrong.Length > 0 || drifts.Any(static d => d.Repaired is null) ? Severity.Impaired
                : Severity.Warning;
            yield return DiagnosisText.Create(DiagnosisNames.Drift, severity, s.Name, s.Services.Names(),
                $"A program on {s.Name} changes what a real server "
                    + $"needs{(wrong.Length == 0 ? ", and the agent repaired it" : "")}.",
                "Find the program (a network manager, configuration management, sysctl --system), and exclude these "
                    + "settings from it; sidestep-agent render shows the files to write instead",
                drifts.Select(Text).Concat(wrong.Select(DiagnosisText.Text)));
        }
    }

    private static string Text(Drift d)
    {
        var repaired = d.Repaired is null ? "not repaired" : $"repaired at {d.Repaired:HH:mm:ss}";
        return $"agent: {d.Name} ({d.Subject}) became {d.Found} at {d.Noticed:HH:mm:ss}, {repaired}"
            + (d.Times > 1 ? $", {d.Times} times" : "");
    }

    internal static IEnumerable<Diagnosis> Silent(Evidence evidence, IReadOnlyList<Diagnosis> earlier) =>
        evidence.Servers
        .Where(s => s.AfterProbes is { } last && evidence.Now - last.At >= AgentRegistry.SilentAfter
            && !evidence.LacksLinkTo(s)
            && !earlier.Any(d => d.Server == s.Name && d.Name is DiagnosisNames.NextHopUnresolved
                or DiagnosisNames.NoRouteToServer or DiagnosisNames.WindowsInLayer3))
        .Select(s => DiagnosisText.Create(DiagnosisNames.AgentSilent, Severity.Warning, s.Name, s.Services.Names(),
            $"The agent of {s.Name} has not reported since {s.AfterProbes!.At:HH:mm:ss}: the doctor cannot see faults "
                + "on the server.",
            "On the server: check whether sidestep-agent runs, and read its log (journalctl -u sidestep-agent)",
            $"director: the last report came {(evidence.Now - s.AfterProbes.At).TotalSeconds:0} s ago"));

    internal static IEnumerable<Diagnosis> Clock(Evidence evidence, IReadOnlyList<Diagnosis> earlier)
    {
        foreach (var s in evidence.Servers)
        {
            if (s.Agent(evidence) is not { } agent || (agent.WallClock - s.AfterProbes!.At).Duration() <= MaxSkew)
                continue;
            var skew = agent.WallClock - s.AfterProbes.At;
            yield return DiagnosisText.Create(DiagnosisNames.ClockSkew, Severity.Warning, s.Name, s.Services.Names(),
                $"The clock of {s.Name} is {Math.Abs(skew.TotalSeconds):0.0} s "
                    + $"{(skew > TimeSpan.Zero ? "ahead of" : "behind")} the director's: times in logs do not match, "
                    + "and certificates may be rejected.",
                "Synchronise the clocks (chrony, systemd-timesyncd) on both",
                $"agent: sent a report at {agent.WallClock:O}", $"director: it came at {s.AfterProbes.At:O}");
        }
    }

    internal static IEnumerable<Diagnosis> Version(Evidence evidence, IReadOnlyList<Diagnosis> earlier) =>
        evidence.Servers
        .Where(s => s.Agent(evidence) is { } agent && agent.AgentVersion != evidence.Version)
        .Select(s => DiagnosisText.Create(DiagnosisNames.VersionSkew, Severity.Warning, s.Name, s.Services.Names(),
            $"The agent of {s.Name} has another version than the director.", "Install the same version on both",
            $"agent: {s.AfterProbes!.Report.AgentVersion}", $"director: {evidence.Version}"));
}
