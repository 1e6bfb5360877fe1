using Sidestep.Api;
using Sidestep.Control.Agents;

namespace Sidestep.Control.Doctor;

/// <summary>What agents say of themselves and of what others did.</summary>
internal static class AgentRules
{
    /// <summary>What was changed and repaired within this time is still told: whoever does it will do it again.</summary>
    internal static readonly TimeSpan Recent = TimeSpan.FromMinutes(1);

    /// <summary>Clocks that NTP keeps differ by milliseconds.</summary>
    internal static readonly TimeSpan MostSkew = TimeSpan.FromSeconds(2);

    /// <summary>Conditions that have diagnoses of their own, and which these are.</summary>
    private static readonly (string Condition, string Diagnosis)[] Named =
    [
        (ConditionNames.ArpIgnore, DiagnosisNames.ServerAnswersArp), (ConditionNames.ArpAnnounce, DiagnosisNames.ServerAnswersArp),
        (ConditionNames.ArpFilter, DiagnosisNames.ServerAnswersArp), (ConditionNames.ProxyArp, DiagnosisNames.ServerAnswersArp),
        (ConditionNames.NeighbourSilence, DiagnosisNames.ServerAdvertisesVip),
        (ConditionNames.Vip, DiagnosisNames.ServerAnswersArp), (ConditionNames.Vip, DiagnosisNames.ServerAdvertisesVip), (ConditionNames.Vip, DiagnosisNames.VipMissing),
        (ConditionNames.Decapsulation, DiagnosisNames.DecapsulationMissing), (ConditionNames.DecapsulationSources, DiagnosisNames.DecapsulationRefusesDirector),
        (ConditionNames.RpFilter, DiagnosisNames.StrictReversePathFilter), (ConditionNames.MssClamp, DiagnosisNames.MssNotClamped),
        (ConditionNames.DefaultRoute, DiagnosisNames.DefaultRouteMissing), (ConditionNames.DefaultRoute, DiagnosisNames.DefaultRouteToDirector),
    ];

    internal static IEnumerable<Diagnosis> Drift(Evidence evidence, IReadOnlyList<Diagnosis> before)
    {
        foreach (var s in evidence.Servers)
        {
            if (s.Agent(evidence) is not { } agent)
                continue;
            bool Told(string condition) => Named.Any(n => n.Condition == condition && before.Any(d => d.Server == s.Name && d.Name == n.Diagnosis));
            // The agent's clock dated what it noticed.
            var drifts = agent.Drifts.Where(d => agent.WallClock - (d.Repaired ?? agent.WallClock) <= Recent && !Told(d.Name)).ToArray();
            var wrong = agent.Conditions.Where(c => c.Verdict == Verdict.Wrong && !Told(c.Name) && drifts.All(d => d.Name != c.Name || d.Subject != c.Subject)).ToArray();
            if (drifts.Length + wrong.Length == 0)
                continue;
            yield return Saying.Of(DiagnosisNames.Drift, wrong.Length > 0 || drifts.Any(static d => d.Repaired is null) ? Severity.Impaired : Severity.Warning, s.Name, s.Services.Names(),
                $"Something on {s.Name} changes what a real server needs{(wrong.Length == 0 ? ", and the agent repaired it" : "")}.",
                "Find who does it (a network manager, a configuration management, sysctl --system), and let it leave these alone; sidestep-agent emit shows the files to write instead",
                drifts.Select(static d => $"agent: {d.Name} ({d.Subject}) became {d.Found} at {d.Noticed:HH:mm:ss}, {(d.Repaired is null ? "not repaired" : $"repaired at {d.Repaired:HH:mm:ss}")}{(d.Times > 1 ? $", {d.Times} times" : "")}")
                    .Concat(wrong.Select(Saying.Text)));
        }
    }

    internal static IEnumerable<Diagnosis> Silent(Evidence evidence, IReadOnlyList<Diagnosis> before) => evidence.Servers
        .Where(s => s.After is { } last && evidence.Now - last.At >= AgentRegistry.SilentAfter && !before.Any(d => d.Server == s.Name && d.Name is DiagnosisNames.NextHopUnresolved
            or DiagnosisNames.NoRouteToServer or DiagnosisNames.WindowsInLayer3))
        .Select(s => Saying.Of(DiagnosisNames.AgentSilent, Severity.Warning, s.Name, s.Services.Names(),
            $"The agent of {s.Name} has not reported since {s.After!.At:HH:mm:ss}: what is wrong on the server is not seen.",
            "On the server: see whether sidestep-agent runs, and what it says (journalctl -u sidestep-agent)",
            $"director: the last report came {(evidence.Now - s.After.At).TotalSeconds:0} s ago"));

    internal static IEnumerable<Diagnosis> Clock(Evidence evidence, IReadOnlyList<Diagnosis> before)
    {
        foreach (var s in evidence.Servers)
        {
            if (s.Agent(evidence) is not { } agent || (agent.WallClock - s.After!.At).Duration() <= MostSkew)
                continue;
            var skew = agent.WallClock - s.After.At;
            yield return Saying.Of(DiagnosisNames.ClockSkew, Severity.Warning, s.Name, s.Services.Names(),
                $"The clock of {s.Name} is {Math.Abs(skew.TotalSeconds):0.0} s {(skew > TimeSpan.Zero ? "ahead of" : "behind")} the director's: logs do not fit together, and certificates may be refused.",
                "Synchronise the clocks (chrony, systemd-timesyncd) on both",
                $"agent: sent a report at {agent.WallClock:O}", $"director: it came at {s.After.At:O}");
        }
    }

    internal static IEnumerable<Diagnosis> Version(Evidence evidence, IReadOnlyList<Diagnosis> before) => evidence.Servers
        .Where(s => s.Agent(evidence) is { } agent && agent.AgentVersion != evidence.Version)
        .Select(s => Saying.Of(DiagnosisNames.VersionSkew, Severity.Warning, s.Name, s.Services.Names(),
            $"The agent of {s.Name} has another version than the director.", "Install the same version on both",
            $"agent: {s.After!.Report.AgentVersion}", $"director: {evidence.Version}"));
}
