using System.Text.Json.Serialization;
using Sidestep.Agent.Decapsulation;

namespace Sidestep.Agent.Output;

/// <summary>How a condition is met.</summary>
internal enum Verdict
{
    /// <summary>As it must be.</summary>
    [JsonStringEnumMemberName("ok")]
    Ok,

    /// <summary>The server is not fit.</summary>
    [JsonStringEnumMemberName("wrong")]
    Wrong,

    /// <summary>Worth knowing; the server is fit all the same.</summary>
    [JsonStringEnumMemberName("note")]
    Note,
}

/// <summary>Something that a real server must be or have.</summary>
/// <param name="Verdict">How it is met.</param>
/// <param name="Name">What is looked at.</param>
/// <param name="Found">What is there.</param>
/// <param name="Wanted">What must be there.</param>
/// <param name="Cure">What to do; empty when nothing is.</param>
internal sealed record Condition(Verdict Verdict, string Name, string Found, string Wanted, string Cure)
{
    public static Condition Wrong(string name, string found, string wanted, string cure) => new(Verdict.Wrong, name, found, wanted, cure);

    public static Condition Note(string name, string found, string wanted, string cure = "") => new(Verdict.Note, name, found, wanted, cure);

    /// <summary>The cure is kept only for a condition that is not met.</summary>
    public static Condition Of(bool met, string name, string found, string wanted, string cure) =>
        met ? new Condition(Verdict.Ok, name, found, wanted, "") : Wrong(name, found, wanted, cure);
}

/// <summary>What verify found.</summary>
internal sealed class Verification
{
    public List<Condition> Conditions { get; } = [];

    /// <summary>Null: no decapsulation program is attached.</summary>
    public IReadOnlyDictionary<DecapsulationCounter, ulong>? Counters { get; set; }

    public bool IsFit => Conditions.TrueForAll(static c => c.Verdict != Verdict.Wrong);
}
