using System.Collections.Immutable;
using System.Net;
using Sidestep.Model;

namespace Sidestep.Forwarding;

/// <summary>The compiled snapshot that an engine forwards by: immutable, independent of any engine's numbering.</summary>
public sealed record ForwardingTables
{
    /// <summary>Key of the flow hash.</summary>
    public required HashKey HashKey { get; init; }

    /// <summary>The director's interfaces.</summary>
    public required ImmutableArray<EgressInterface> Interfaces { get; init; }

    /// <summary>One entry per VIP, by address.</summary>
    public required ImmutableArray<VipEntry> Vips { get; init; }

    /// <summary>One entry per enabled service, by name.</summary>
    public required ImmutableArray<ServiceEntry> Services { get; init; }

    /// <summary>The groups of servers that services choose from, by key.</summary>
    public required ImmutableArray<ServerGroup> Groups { get; init; }
}

/// <summary>A VIP.</summary>
/// <param name="Address">The address.</param>
/// <param name="AnswersArp">The director answers ARP for it.</param>
/// <param name="AnswersEcho">The director answers echo requests to it.</param>
public sealed record VipEntry(IPAddress Address, bool AnswersArp, bool AnswersEcho);

/// <summary>A virtual service.</summary>
/// <param name="Name">From the configuration; identifies its counters.</param>
/// <param name="Vip">Its VIP.</param>
/// <param name="Protocol">Its protocol.</param>
/// <param name="Port">Its port.</param>
/// <param name="HashFields">What the flow hash covers.</param>
/// <param name="Group">Key of the <see cref="ServerGroup"/>.</param>
public sealed record ServiceEntry(
    string Name, IPAddress Vip, TransportProtocol Protocol, ushort Port, HashFields HashFields, GroupKey Group);

/// <summary>A pool, reached in one way.</summary>
/// <param name="Pool">Name of the pool.</param>
/// <param name="Encapsulation">Null: layer 2.</param>
public readonly record struct GroupKey(string Pool, Encapsulation? Encapsulation)
{
    /// <summary>For messages and sorting: <c>web/l2</c>.</summary>
    public override string ToString() => $"{Pool}/{(Encapsulation is { } e ? e.ToString().ToLowerInvariant() : "l2")}";
}

/// <summary>The usable servers of a pool and their slots.</summary>
/// <param name="Key">Which pool, reached how.</param>
/// <param name="Servers">All servers of the pool, by address; those without a next hop or switched off have no slots.</param>
/// <param name="Slots">The slot table; its members are the usable ones of <paramref name="Servers"/>.</param>
public sealed record ServerGroup(GroupKey Key, ImmutableArray<ServerEntry> Servers, SlotTable Slots);

/// <summary>A real server.</summary>
/// <param name="Name">From the configuration.</param>
/// <param name="Address">Its own address.</param>
/// <param name="Weight">From the configuration; 0 when it is switched off.</param>
/// <param name="NextHop">Null while it is not resolved.</param>
public sealed record ServerEntry(string Name, IPAddress Address, int Weight, NextHop? NextHop)
{
    /// <summary>True when it takes traffic.</summary>
    public bool IsUsable => Weight > 0 && NextHop is not null;
}
