using System.Collections.Immutable;
using System.Text.Json.Serialization;

namespace Sidestep.Api.Status;

/// <summary>The daemon of a director, and its own messages. Each message is one line.</summary>
public sealed record DaemonStatus
{
    /// <summary>No daemon runs.</summary>
    public static DaemonStatus NotRunning { get; } = new();

    /// <summary>True if the daemon runs.</summary>
    public bool Running { get; init; }

    /// <summary>True until the first configuration of this daemon is in force. Until then, an adopted one of its
    /// predecessor may forward.</summary>
    public bool Starting { get; init; }

    /// <summary>Process id; null: the daemon does not run, or does not answer yet.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public int? ProcessId { get; init; }

    /// <summary>Version of the daemon, such as <c>1.2.0</c>; null like <see cref="ProcessId"/>.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public string? Version { get; init; }

    /// <summary>When the daemon started; null like <see cref="ProcessId"/>.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public DateTimeOffset? Started { get; init; }

    /// <summary>Path of the configuration file; null like <see cref="ProcessId"/>, and with a store.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public string? ConfigurationFile { get; init; }

    /// <summary>Path of the store of revisions; null like <see cref="ProcessId"/>, and with a file.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public string? ConfigurationStore { get; init; }

    /// <summary>Why the newest configuration is not in force; empty if it is.</summary>
    public ImmutableArray<string> Errors { get; init; } = [];

    /// <summary>Servers without a next hop, and why.</summary>
    public ImmutableArray<string> Unresolved { get; init; } = [];

    /// <summary>Functions that do not work as configured although packets are forwarded, and why.</summary>
    public ImmutableArray<string> Degraded { get; init; } = [];

    /// <summary>Other hosts that answer for VIPs of this director.</summary>
    public ImmutableArray<string> Alarms { get; init; } = [];

    /// <summary>Multicast MAC addresses that the daemon added to the filters of interfaces: name of the interface, a
    /// space and the MAC address. These filters outlive the daemon.</summary>
    public ImmutableArray<string> MulticastMacs { get; init; } = [];

    /// <summary>How the daemon started: adopted tables, fallback to generic mode and so on.</summary>
    public ImmutableArray<string> Notes { get; init; } = [];

    /// <summary>Parts of the daemon's own state in the kernel, such as rules and filters, that were gone and that it
    /// restored.</summary>
    public ImmutableArray<RestoredPart> Restored
    {
        get;
        // A daemon of an earlier version does not send it.
        init => field = value.IsDefault ? [] : value;
    } = [];

    /// <summary>Loops and tasks of the daemon that have failed unexpectedly since it started: errors in
    /// Sidestep.</summary>
    public ImmutableArray<FailureRecord> Failures
    {
        get;
        // A daemon of an earlier version does not send it.
        init => field = value.IsDefault ? [] : value;
    } = [];

    /// <summary>Lines of the log that were dropped since the daemon started, because what reads standard error was too
    /// slow or failed.</summary>
    public long LogLinesDropped { get; init; }

    /// <summary>The export of metrics by OTLP; null: it is not configured, or no daemon runs.</summary>
    public OtlpStatus? Otlp { get; init; }
}

/// <summary>The export of metrics by OTLP, since the daemon started.</summary>
/// <param name="Endpoint">The URL of the collector, as configured.</param>
/// <param name="Exports">Exports that the collector accepted.</param>
/// <param name="Failures">Exports that failed.</param>
/// <param name="LastAt">When it accepted the last one, by the director's wall clock; null: none yet.</param>
public sealed record OtlpStatus(string Endpoint, long Exports, long Failures, DateTimeOffset? LastAt);

/// <summary>Unexpected failures of one loop of the daemon, or of a task that a loop repeats.</summary>
/// <param name="Name">What failed.</param>
/// <param name="Times">How often.</param>
/// <param name="LastAt">When it failed last, by the director's wall clock.</param>
/// <param name="LastError">Type and message of the last exception.</param>
public sealed record FailureRecord(string Name, long Times, DateTimeOffset LastAt, string LastError);

/// <summary>A part of the daemon's state in the kernel that was gone.</summary>
/// <param name="Part">What it is.</param>
/// <param name="Times">How often it was restored.</param>
/// <param name="LastAt">When it was restored last, by the director's wall clock.</param>
public sealed record RestoredPart(string Part, int Times, DateTimeOffset LastAt);
