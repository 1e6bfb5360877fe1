using Sidestep.Agent.Programs;
using Sidestep.Api;

namespace Sidestep.Agent.Output;

/// <summary>What verify found.</summary>
internal sealed class Verification(IEnumerable<Condition>? conditions = null)
{
    /// <summary>The programs that count and keep silent, where nothing is to be taken off; and those at the way out. Subject: the device.</summary>
    public const string ProgramsName = "programs";

    /// <summary>Whether the host forwards (C-07). Subject: the device.</summary>
    public const string ForwardingName = "forwarding";

    /// <summary>Somebody sets it back each time that the agent repairs it.</summary>
    public const string BackingOffName = "backing-off";

    /// <summary>What stands in the way of the duties, or of asking for them.</summary>
    public const string SpecName = "spec";

    public List<Condition> Conditions { get; } = [.. conditions ?? []];

    /// <summary>Null: no program is attached.</summary>
    public IReadOnlyDictionary<PacketCounter, ulong>? Counters { get; set; }

    public IReadOnlyList<VipTraffic> Traffic { get; set; } = [];

    public bool IsHealthy => Conditions.TrueForAll(static IsHealthy => IsHealthy.Status != ConditionStatus.Wrong);

    /// <summary>The cure is kept only for a condition that is not met.</summary>
    public void Add(bool met, string name, string subject, string found, string expected, string remedy) =>
        Conditions.Add(new Condition(name, subject, met ? ConditionStatus.Ok : ConditionStatus.Wrong, found, expected, met ? "" : remedy));

    public void Note(string name, string subject, string found, string expected, string remedy = "") =>
        Conditions.Add(new Condition(name, subject, ConditionStatus.Note, found, expected, remedy));
}
