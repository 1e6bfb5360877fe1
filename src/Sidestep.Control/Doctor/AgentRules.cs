using Sidestep.Api;
using Sidestep.Control.Agents;

namespace Sidestep.Control.Doctor;

/// <summary>What agents say of themselves and of what others did.</summary>
internal static class AgentRules
{
    /// <summary>What was changed and repaired within this time is still told: whoever does it will do it again.</summary>
    internal static readonly TimeSpan Recent = TimeSpan.FromMinutes(1);

    /// <summary>Clocks that NTP keeps differ by milliseconds.</summary>
    internal static readonly TimeSpan MaxSkew = TimeSpan.FromSeconds(2);

    /// <summary>Conditions that have diagnoses of their own, and which these are.</summary>
    private static readonly (string Condition, string Diagnosis)[] DiagnosesOfConditions =
    [
        (ConditionNames.ArpIgnore, DiagnosisNames.ServerAnswersArp), (ConditionNames.ArpAnnounce, DiagnosisNames.ServerAnswersArp),
        (ConditionNames.ArpFilter, DiagnosisNames.ServerAnswersArp), (ConditionNames.ProxyArp, DiagnosisNames.ServerAnswersArp),
        (ConditionNames.NeighbourSuppression, DiagnosisNames.ServerAdvertisesVip),
        (ConditionNames.Vip, DiagnosisNames.ServerAnswersArp), (ConditionNames.Vip, DiagnosisNames.ServerAdvertisesVip), (ConditionNames.Vip, DiagnosisNames.VipMissing),
        (ConditionNames.Decapsulation, DiagnosisNames.DecapsulationMissing), (ConditionNames.DecapsulationSources, DiagnosisNames.DecapsulationRejectsDirector),
        (ConditionNames.RpFilter, DiagnosisNames.StrictReversePathFilter), (ConditionNames.MssClamp, DiagnosisNames.MssNotClamped),
        (ConditionNames.DefaultRoute, DiagnosisNames.DefaultRouteMissing), (ConditionNames.DefaultRoute, DiagnosisNames.DefaultRouteToDirector),
    ];

    internal static IEnumerable<Diagnosis> Drift(Evidence evidence, IReadOnlyList<Diagnosis> earlier)
    {
        foreach (var s in evidence.Servers)
        {
            if (s.Agent(evidence) is not { } agent)
                continue;
            bool IsDiagnosed(string condition) => DiagnosesOfConditions.Any(n => n.Condition == condition && earlier.Any(d => d.Server == s.Name && d.Name == n.Diagnosis));
            // The agent's clock dated what it noticed.
            var drifts = agent.Drifts.Where(d => agent.WallClock - (d.Repaired ?? agent.WallClock) <= Recent && !IsDiagnosed(d.Name)).ToArray();
            var wrong = agent.Conditions.Where(c => c.Status == ConditionStatus.Wrong && !IsDiagnosed(c.Name) && drifts.All(d => d.Name != c.Name || d.Subject != c.Subject)).ToArray();
            if (drifts.Length + wrong.Length == 0)
                continue;
            yield return DiagnosisText.Create(DiagnosisNames.Drift, wrong.Length > 0 || drifts.Any(static d => d.Repaired is null) ? Severity.Impaired : Severity.Warning, s.Name, s.Services.Names(),
                $"Something on {s.Name} changes what a real server needs{(wrong.Length == 0 ? ", and the agent repaired it" : "")}.",
                "Find who does it (a network manager, a configuration management, sysctl --system), and let it leave these alone; sidestep-agent render shows the files to write instead",
                drifts.Select(static d => $"agent: {d.Name} ({d.Subject}) became {d.Found} at {d.Noticed:HH:mm:ss}, {(d.Repaired is null ? "not repaired" : $"repaired at {d.Repaired:HH:mm:ss}")}{(d.Times > 1 ? $", {d.Times} times" : "")}")
                    .Concat(wrong.Select(DiagnosisText.Text)));
        }
    }

    internal static IEnumerable<Diagnosis> Silent(Evidence evidence, IReadOnlyList<Diagnosis> earlier) => evidence.Servers
        .Where(s => s.AfterProbes is { } last && evidence.Now - last.At >= AgentRegistry.SilentAfter && !earlier.Any(d => d.Server == s.Name && d.Name is DiagnosisNames.NextHopUnresolved
            or DiagnosisNames.NoRouteToServer or DiagnosisNames.WindowsInLayer3))
        .Select(s => DiagnosisText.Create(DiagnosisNames.AgentSilent, Severity.Warning, s.Name, s.Services.Names(),
            $"The agent of {s.Name} has not reported since {s.AfterProbes!.At:HH:mm:ss}: what is wrong on the server is not seen.",
            "On the server: see whether sidestep-agent runs, and what it says (journalctl -u sidestep-agent)",
            $"director: the last report came {(evidence.Now - s.AfterProbes.At).TotalSeconds:0} s ago"));

    internal static IEnumerable<Diagnosis> Clock(Evidence evidence, IReadOnlyList<Diagnosis> earlier)
    {
        foreach (var s in evidence.Servers)
        {
            if (s.Agent(evidence) is not { } agent || (agent.WallClock - s.AfterProbes!.At).Duration() <= MaxSkew)
                continue;
            var skew = agent.WallClock - s.AfterProbes.At;
            yield return DiagnosisText.Create(DiagnosisNames.ClockSkew, Severity.Warning, s.Name, s.Services.Names(),
                $"The clock of {s.Name} is {Math.Abs(skew.TotalSeconds):0.0} s {(skew > TimeSpan.Zero ? "ahead of" : "behind")} the director's: logs do not fit together, and certificates may be refused.",
                "Synchronise the clocks (chrony, systemd-timesyncd) on both",
                $"agent: sent a report at {agent.WallClock:O}", $"director: it came at {s.AfterProbes.At:O}");
        }
    }

    internal static IEnumerable<Diagnosis> Version(Evidence evidence, IReadOnlyList<Diagnosis> earlier) => evidence.Servers
        .Where(s => s.Agent(evidence) is { } agent && agent.AgentVersion != evidence.Version)
        .Select(s => DiagnosisText.Create(DiagnosisNames.VersionSkew, Severity.Warning, s.Name, s.Services.Names(),
            $"The agent of {s.Name} has another version than the director.", "Install the same version on both",
            $"agent: {s.AfterProbes!.Report.AgentVersion}", $"director: {evidence.Version}"));
}
