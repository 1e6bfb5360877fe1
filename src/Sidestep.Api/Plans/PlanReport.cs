using System.Collections.Immutable;
using System.Net;
using System.Text.Json.Serialization;
using Sidestep.Api.Status;

namespace Sidestep.Api.Plans;

/// <summary>Requests the plan of a configuration.</summary>
/// <param name="Origin">Name of the file that the text comes from, for messages.</param>
/// <param name="Configuration">The text of the configuration, in YAML or JSON.</param>
public sealed record PlanRequest(string Origin, string Configuration);

/// <summary>The changes that a configuration would make: the output of <c>sidestep plan --json</c>.
/// docs/plan.schema.json is its JSON Schema.</summary>
public sealed record PlanReport
{
    /// <summary>Name of the director, from the proposed configuration.</summary>
    public required string Director { get; init; }

    /// <summary>Who answered.</summary>
    public required StatusSource Source { get; init; }

    /// <summary>False: nothing changes.</summary>
    public required bool Changes { get; init; }

    /// <summary>Number of slots in all pools that stay and choose by hash.</summary>
    public required long Slots { get; init; }

    /// <summary>Number of these slots that get another server.</summary>
    public required long MovedSlots { get; init; }

    /// <summary>Their share, 0 to 1.</summary>
    public required double MovedShare { get; init; }

    /// <summary>The fate of tracked flows, summed over all servers.</summary>
    public required FlowsForecast Flows { get; init; }

    /// <summary>Side effects that the operator should consider first; sentences.</summary>
    public required ImmutableArray<string> Warnings { get; init; }

    /// <summary>Services that change, by name.</summary>
    public required ImmutableArray<ServiceChange> Services { get; init; }

    /// <summary>All pools, running and proposed ones; a pool is listed once for each encapsulation that reaches it, and
    /// for each service that judges its servers by itself.</summary>
    public required ImmutableArray<PoolChange> Pools { get; init; }
}

/// <summary>How a service, pool or server changes.</summary>
public enum ChangeKind
{
    /// <summary>It is in both configurations, with the same settings.</summary>
    None,

    /// <summary>It is only in the proposed configuration.</summary>
    Added,

    /// <summary>It is in both configurations, with other settings.</summary>
    Changed,

    /// <summary>It is only in the running configuration.</summary>
    Removed,
}

/// <summary>The change of one virtual service.</summary>
/// <param name="Name">Name in the configuration.</param>
/// <param name="Change">The kind of change.</param>
/// <param name="Before">The packets that it matches and its pool now; null for a new service.</param>
/// <param name="After">The same after the change; null for a removed service.</param>
public sealed record ServiceChange(string Name, ChangeKind Change,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] string? Before,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] string? After);

/// <summary>The change of one pool.</summary>
/// <param name="Name">Name in the configuration.</param>
/// <param name="Encap">The encapsulation to its servers.</param>
/// <param name="Change">Whether the pool is new, removed, or neither. A pool with another encapsulation is new.</param>
/// <param name="Slots">Number of slots that the flow hash chooses from; 0 when the pool is new or removed, or its
/// servers are not chosen by hash.</param>
/// <param name="MovedSlots">Number of these slots that get another server.</param>
/// <param name="MovedShare">Their share, 0 to 1.</param>
/// <param name="Servers">The servers, by address, then by name.</param>
public sealed record PoolChange(string Name, string Encap, ChangeKind Change, int Slots, int MovedSlots,
    double MovedShare, ImmutableArray<ServerChange> Servers)
{
    /// <summary>The service whose checks judge the servers; null: the services of the pool share verdicts and
    /// slots.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public string? Service { get; init; }
}

/// <summary>The change of one real server in one pool.</summary>
/// <param name="Name">Name in the configuration.</param>
/// <param name="Address">Its own address.</param>
/// <param name="Change">The kind of change.</param>
/// <param name="Before">Its weight or state now; null for a new server.</param>
/// <param name="After">The same after the change; null for a removed server.</param>
/// <param name="SlotsBefore">Number of its slots now.</param>
/// <param name="SlotsAfter">Number of its slots after the change.</param>
/// <param name="Flows">The fate of its tracked flows.</param>
public sealed record ServerChange(string Name, IPAddress Address, ChangeKind Change,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] string? Before,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] string? After,
    int SlotsBefore, int SlotsAfter, FlowsForecast Flows);

/// <summary>The fate of tracked flows, as numbers of flows.</summary>
/// <param name="Stay">Flows that stay tracked with their server.</param>
/// <param name="Move">Flows whose server stays, but with another encapsulation.</param>
/// <param name="Break">Flows whose server is removed or disabled, or is no longer used by any service.</param>
public sealed record FlowsForecast(long Stay, long Move, long Break);
