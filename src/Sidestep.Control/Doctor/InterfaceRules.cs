using Sidestep.Api;

namespace Sidestep.Control.Doctor;

/// <summary>Faults of the director's own interfaces.</summary>
internal static class InterfaceRules
{
    internal static IEnumerable<Diagnosis> Missing(Evidence evidence, IReadOnlyList<Diagnosis> earlier) =>
        evidence.Interfaces.Where(static i => i.Link == LinkCondition.Missing).Select(i => Create(evidence,
            DiagnosisNames.InterfaceMissing,
            $"The director has no interface '{i.Name}': it was deleted, renamed or moved to another network namespace.",
            $"Create it again ('ip link' lists the interfaces): the daemon attaches to it within a second. Or correct "
                + "node.interfaces",
            $"director: there is no interface '{i.Name}'"));

    internal static IEnumerable<Diagnosis> Down(Evidence evidence, IReadOnlyList<Diagnosis> earlier) =>
        evidence.Interfaces.Where(static i => i.Link is LinkCondition.Down or LinkCondition.NoCarrier)
            .Select(i => Create(evidence, DiagnosisNames.InterfaceDown,
            i.Link == LinkCondition.Down ? $"The director's interface '{i.Name}' is down."
                : $"The director's interface '{i.Name}' has no carrier: nothing arrives, and nothing leaves.",
            i.Link == LinkCondition.Down ? $"On the director: ip link set {i.Name} up"
                : "Check the cable, and that the port at the other end is enabled",
            i.Link == LinkCondition.Down ? $"director: interface '{i.Name}' is down"
                : $"director: interface '{i.Name}' has no carrier"));

    internal static IEnumerable<Diagnosis> Detached(Evidence evidence, IReadOnlyList<Diagnosis> earlier) =>
        evidence.Interfaces.Where(static i => i is { Actual: null, Link: not LinkCondition.Missing })
            .Select(i => Create(evidence, DiagnosisNames.InterfaceDetached,
            $"The engine is not attached to '{i.Name}', so it receives no packets there: another program has detached "
                + "it or took its place.",
            "daemon.degraded of 'sidestep status' has the reason. Stop the other program ('bpftool net show dev "
                + $"{i.Name}' shows it): the daemon tries again at least once a minute",
            $"director: not attached to '{i.Name}'"));

    /// <summary>True if the director cannot reach a server because its own link carries no frames.</summary>
    internal static bool LacksLinkTo(this Evidence evidence, ServerEvidence server) =>
        evidence.Interfaces.Any(i => i.Link != LinkCondition.Up
            && (server.Route.Device.Length == 0 || server.Route.Device == i.Name));

    private static Diagnosis Create(Evidence evidence, string name, string summary, string remedy, string line) =>
        DiagnosisText.Create(name, evidence.Interfaces.Any(static i => i.Works) ? Severity.Impaired : Severity.Broken,
            null, evidence.ServicesByVip.Values.SelectMany(static s => s), summary, remedy, line);
}
