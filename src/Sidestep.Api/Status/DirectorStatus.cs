using System.Collections.Immutable;
using System.Text.Json.Serialization;
using Sidestep.Api.ServerOverrides;
using Sidestep.Model;

namespace Sidestep.Api.Status;

/// <summary>The status of a director: the response of the daemon, and the output of <c>sidestep status --json</c> with
/// and without the daemon. docs/status.schema.json is its JSON Schema, docs/operations.md describes it.</summary>
public sealed record DirectorStatus
{
    /// <summary>Name of the director, from its configuration.</summary>
    public required string Director { get; init; }

    /// <summary>Who answered. Without the daemon, only the pinned tables are known: the daemon's messages, health,
    /// agents and address conflicts are missing.</summary>
    public required StatusSource Source { get; init; }

    /// <summary>The engine that forwards, never <see cref="EngineKind.Auto"/>.</summary>
    public required EngineKind Engine { get; init; }

    /// <summary>Number of changes since the tables were created; 0: there are none yet.</summary>
    public required long Revision { get; init; }

    /// <summary>Time of the last change; null: there are no tables yet.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public required DateTimeOffset? AppliedAt { get; init; }

    /// <summary>The daemon, and what it reports.</summary>
    public DaemonStatus Daemon { get; init; } = DaemonStatus.NotRunning;

    /// <summary>The attached interfaces.</summary>
    public ImmutableArray<InterfaceStatus> Interfaces { get; init; } = [];

    /// <summary>The forwarding threads; empty when the kernel forwards.</summary>
    public ImmutableArray<WorkerStatus> Workers { get; init; } = [];

    /// <summary>The virtual services, by name.</summary>
    public ImmutableArray<ServiceStatus> Services { get; init; } = [];

    /// <summary>The pools, by name; a pool is listed once for each encapsulation that reaches it, and for each service
    /// that judges its servers by itself.</summary>
    public ImmutableArray<PoolStatus> Pools { get; init; } = [];

    /// <summary>The health of the servers; null: the daemon does not run.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public HealthReport? Health { get; init; }

    /// <summary>One entry per server name, in the order of the configuration; empty without the daemon.</summary>
    public ImmutableArray<AgentStatus> Agents { get; init; } = [];

    /// <summary>Other hosts that answer for VIPs of this director; empty without the daemon.</summary>
    public ImmutableArray<VipConflict> AddressConflicts { get; init; } = [];

    /// <summary>State and weight that operators gave to real servers, whatever the configuration says; empty without
    /// the daemon.</summary>
    public ImmutableArray<OverrideRecord> Overrides { get; init; } = [];

    /// <summary>Frames that were answered, punted or delivered locally, by decision.</summary>
    public IReadOnlyDictionary<string, PacketCounter> Responses { get; init; } = PacketCounter.None;

    /// <summary>How many flows the flow table tracks at most.</summary>
    public int FlowTableSize { get; init; }

    /// <summary>Entries of full tables that were replaced by others.</summary>
    public EvictionCounters Evicted { get; init; } = new(0, 0);

    /// <summary>Dropped frames; every drop reason is present.</summary>
    public IReadOnlyDictionary<string, PacketCounter> Drops { get; init; } = PacketCounter.None;

    /// <summary>True if at least one interface is attached.</summary>
    [JsonIgnore]
    public bool IsAttached => Interfaces.Any(static i =>
        i.Driver is not (InterfaceDriver.Gone or InterfaceDriver.Detached));
}

/// <summary>Where a status comes from.</summary>
public enum StatusSource
{
    /// <summary>The running daemon.</summary>
    Daemon,

    /// <summary>The tables that the XDP engine pinned: no daemon answers.</summary>
    PinnedTables,
}
