using System.Collections.Immutable;
using System.Text.Json.Serialization;

namespace Sidestep.Api;

/// <summary>The body of a request for a diagnosis.</summary>
/// <param name="Service">Only this virtual service; null: all services.</param>
public sealed record DoctorRequest(string? Service = null);

/// <summary>The result of a diagnosis.</summary>
public sealed record DoctorReport
{
    /// <summary>Name of the director, from its configuration.</summary>
    public required string Director { get; init; }

    /// <summary>Time at which the doctor started, by the director's clock.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>Duration of the diagnosis in seconds.</summary>
    public double Seconds { get; init; }

    /// <summary>Causes before their consequences, then the more severe first; empty: the doctor found nothing
    /// wrong.</summary>
    public ImmutableArray<Diagnosis> Diagnoses { get; init; } = [];

    /// <summary>Checks that the doctor could not make, and why, one line each. The doctor may have missed faults
    /// there.</summary>
    public ImmutableArray<string> NotChecked { get; init; } = [];

    /// <summary>How many services, servers, probes and so on the doctor checked, by kind.</summary>
    public ImmutableDictionary<string, int> Checked { get; init; } = ImmutableDictionary<string, int>.Empty;
}

/// <summary>A fault that the doctor found, with a stable name.</summary>
public sealed record Diagnosis
{
    /// <summary>One of <see cref="DiagnosisNames"/>, in lower case with hyphens; docs/operations.md describes
    /// them.</summary>
    public required string Name { get; init; }

    /// <summary>The severity: how clients of the service are affected.</summary>
    public required Severity Severity { get; init; }

    /// <summary>Name of the real server; null: the diagnosis is about the director or a VIP.</summary>
    public string? Server { get; init; }

    /// <summary>Names of the affected virtual services.</summary>
    public ImmutableArray<string> Services { get; init; } = [];

    /// <summary>One sentence that says what is wrong.</summary>
    public required string Summary { get; init; }

    /// <summary>The observations behind the diagnosis, each with the component that made it, one line each.</summary>
    public ImmutableArray<string> Evidence { get; init; } = [];

    /// <summary>The command or setting that repairs the fault.</summary>
    public required string Remedy { get; init; }
}

/// <summary>How severe a diagnosis is.</summary>
public enum Severity
{
    /// <summary>Clients of the service get no replies, or get them from a wrong source.</summary>
    [JsonStringEnumMemberName("broken")]
    Broken,

    /// <summary>Some clients or some packets are affected, or all will be after the next change.</summary>
    [JsonStringEnumMemberName("impaired")]
    Impaired,

    /// <summary>The service is slower, or at risk.</summary>
    [JsonStringEnumMemberName("warning")]
    Warning,
}
