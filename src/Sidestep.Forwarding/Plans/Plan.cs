using System.Collections.Immutable;
using System.Net;
using Sidestep.Api.Plans;

namespace Sidestep.Forwarding.Plans;

/// <summary>The changes that a configuration would make if it were applied.</summary>
/// <param name="Services">Services that change, by name.</param>
/// <param name="Groups">All groups, running and proposed ones, by key.</param>
/// <param name="Warnings">Side effects that the operator should consider first; sentences.</param>
public sealed record Plan(
    ImmutableArray<ServicePlan> Services, ImmutableArray<GroupPlan> Groups, ImmutableArray<string> Warnings)
{
    /// <summary>Number of slots in all groups that stay and choose by hash.</summary>
    public long Slots => Groups.Sum(static g => (long)g.Slots);

    /// <summary>Number of these slots that get another server.</summary>
    public long MovedSlots => Groups.Sum(static g => (long)g.MovedSlots);

    /// <summary>The fate of tracked flows, summed over all servers.</summary>
    public FlowForecast Flows => Groups.SelectMany(static g => g.Servers)
        .Aggregate(default(FlowForecast), static (sum, s) => sum + s.Flows);

    /// <summary>True if nothing changes.</summary>
    public bool IsEmpty => Services.IsEmpty && Groups.All(static g =>
        g.Change == ChangeKind.None && g.Servers.All(static s => s.Change == ChangeKind.None));
}

/// <summary>The change of one virtual service.</summary>
/// <param name="Name">Name in the configuration.</param>
/// <param name="Change">The kind of change.</param>
/// <param name="Before">The packets that it matches and its group now; null for a new service.</param>
/// <param name="After">The same after the change; null for a removed service.</param>
public sealed record ServicePlan(string Name, ChangeKind Change, string? Before, string? After);

/// <summary>The change of one group of servers.</summary>
/// <param name="Key">Pool, encapsulation and service.</param>
/// <param name="Change">Whether the group is new, removed, or neither. A pool with another encapsulation is a new
/// group.</param>
/// <param name="Slots">Number of slots that the flow hash chooses from; 0 when the pool is new or removed, or its
/// servers are not chosen by hash.</param>
/// <param name="MovedSlots">Number of these slots that get another server.</param>
/// <param name="Servers">The servers, by address, then by name.</param>
public sealed record GroupPlan(
    GroupKey Key, ChangeKind Change, int Slots, int MovedSlots, ImmutableArray<ServerPlan> Servers);

/// <summary>The change of one real server in one group.</summary>
/// <param name="Name">Name in the configuration.</param>
/// <param name="Address">Its own address.</param>
/// <param name="Change">The kind of change.</param>
/// <param name="Before">Its weight or state now; null for a new server.</param>
/// <param name="After">The same after the change; null for a removed server.</param>
/// <param name="SlotsBefore">Number of its slots now.</param>
/// <param name="SlotsAfter">Number of its slots after the change.</param>
/// <param name="Flows">The fate of its tracked flows.</param>
public sealed record ServerPlan(
    string Name, IPAddress Address, ChangeKind Change, string? Before, string? After, int SlotsBefore, int SlotsAfter,
    FlowForecast Flows);

/// <summary>The fate of tracked flows, as numbers of flows.</summary>
/// <param name="Stay">Flows that stay tracked with their server.</param>
/// <param name="Move">Flows whose server stays, but with another encapsulation: they are no longer tracked and follow
/// their slots, mostly to the same server.</param>
/// <param name="Break">Flows whose server is removed or disabled, or is no longer used by any service.</param>
public readonly record struct FlowForecast(long Stay, long Move, long Break)
{
    /// <summary>Adds the numbers of two servers or groups.</summary>
    public static FlowForecast operator +(FlowForecast a, FlowForecast b) =>
        new(a.Stay + b.Stay, a.Move + b.Move, a.Break + b.Break);
}
