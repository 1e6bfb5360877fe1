using System.Collections.Immutable;
using System.Text.Json.Serialization;

namespace Sidestep.Api;

/// <summary>Asks for a diagnosis.</summary>
/// <param name="Service">Of this virtual service only; null: of all.</param>
public sealed record DoctorRequest(string? Service = null);

/// <summary>What the doctor found.</summary>
public sealed record DoctorReport
{
    /// <summary>Name of the director.</summary>
    public required string Director { get; init; }

    /// <summary>When it looked.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>How long that took.</summary>
    public double Seconds { get; init; }

    /// <summary>Causes before their consequences, graver ones before others; empty: nothing is wrong that it can see.</summary>
    public ImmutableArray<Diagnosis> Diagnoses { get; init; } = [];

    /// <summary>What could not be looked at, and why: no diagnosis is not the same as health there.</summary>
    public ImmutableArray<string> NotChecked { get; init; } = [];

    /// <summary>How many of what were looked at: services, servers, probes.</summary>
    public ImmutableDictionary<string, int> Checked { get; init; } = ImmutableDictionary<string, int>.Empty;
}

/// <summary>Something that is wrong, by name.</summary>
public sealed record Diagnosis
{
    /// <summary>Stable, in kebab-case; docs/operations.md has all of them.</summary>
    public required string Name { get; init; }

    /// <summary>How grave.</summary>
    public required Severity Severity { get; init; }

    /// <summary>Name of the real server; null: it is about the director or a VIP.</summary>
    public string? Server { get; init; }

    /// <summary>Names of the virtual services that it concerns.</summary>
    public ImmutableArray<string> Services { get; init; } = [];

    /// <summary>One sentence.</summary>
    public required string Summary { get; init; }

    /// <summary>What was seen, by whom.</summary>
    public ImmutableArray<string> Evidence { get; init; } = [];

    /// <summary>What to do.</summary>
    public required string Remedy { get; init; }
}

/// <summary>How grave a diagnosis is.</summary>
public enum Severity
{
    /// <summary>Clients of the service get no answer, or not from where they should.</summary>
    [JsonStringEnumMemberName("broken")]
    Broken,

    /// <summary>Some clients, some packets, or after the next change.</summary>
    [JsonStringEnumMemberName("impaired")]
    Impaired,

    /// <summary>Slower, or a danger.</summary>
    [JsonStringEnumMemberName("warning")]
    Warning,
}
