using Sidestep.Agent.Programs;
using Sidestep.Api;

namespace Sidestep.Agent.Output;

/// <summary>The result of verify: conditions, and the counters of the programs.</summary>
internal sealed class Verification(IEnumerable<Condition>? conditions = null)
{
    /// <summary>The programs without decapsulation, and those at egress. Subject: the interface.</summary>
    public const string ProgramsName = "programs";

    /// <summary>Forwarding of IP packets by the host is on or off. Subject: the interface.</summary>
    public const string ForwardingName = "forwarding";

    /// <summary>Another program reverts every repair, and the agent has stopped repairing.</summary>
    public const string BackingOffName = "backing-off";

    /// <summary>The spec can be applied; otherwise, why not, or why no director gave one.</summary>
    public const string SpecName = "spec";

    public List<Condition> Conditions { get; } = [.. conditions ?? []];

    /// <summary>Null: no program is attached.</summary>
    public IReadOnlyDictionary<PacketCounter, ulong>? Counters { get; set; }

    public IReadOnlyList<VipTraffic> Traffic { get; set; } = [];

    public bool IsHealthy => Conditions.TrueForAll(static c => c.Status != ConditionStatus.Wrong);

    /// <summary>Adds a condition. The remedy is dropped if the condition is met.</summary>
    public void Add(bool met, string name, string subject, string found, string expected, string remedy) =>
        Conditions.Add(new Condition(name, subject, met ? ConditionStatus.Ok : ConditionStatus.Wrong, found, expected,
            met ? "" : remedy));

    /// <summary>Adds the result of another part. Only one part has packet counters.</summary>
    public void Add(Verification other)
    {
        Conditions.AddRange(other.Conditions);
        Counters ??= other.Counters;
        Traffic = [.. Traffic, .. other.Traffic];
    }

    /// <summary>Adds an observation that does not make verify fail.</summary>
    public void Note(string name, string subject, string found, string expected, string remedy = "") =>
        Conditions.Add(new Condition(name, subject, ConditionStatus.Note, found, expected, remedy));
}
