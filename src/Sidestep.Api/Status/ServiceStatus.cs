using System.Collections.Immutable;
using System.Net;
using System.Text.Json.Serialization;

namespace Sidestep.Api.Status;

/// <summary>Status and counters of one virtual service.</summary>
/// <param name="Name">Name in the configuration.</param>
/// <param name="Matches">The packets that it matches: each VIP with protocol and ports, such as
/// <c>203.0.113.10 tcp 80</c>.</param>
/// <param name="Pool">The pool that serves it.</param>
/// <param name="Encap">How packets reach the servers: <c>l2</c>, <c>ipip</c>.</param>
/// <param name="HasServers">False: no slot has a server, and its packets are dropped.</param>
/// <param name="Packets">Frames forwarded to real servers.</param>
/// <param name="Bytes">Bytes of these frames as they arrived, from the Ethernet header on.</param>
public sealed record ServiceStatus(string Name, ImmutableArray<string> Matches, string Pool, string Encap,
    bool HasServers, ulong Packets, ulong Bytes);

/// <summary>A pool that one encapsulation reaches, for one of its services or for all.</summary>
/// <param name="Name">Name of the pool in the configuration.</param>
/// <param name="Encap">How packets reach the servers: <c>l2</c>, <c>ipip</c>.</param>
/// <param name="Servers">The servers, by name.</param>
public sealed record PoolStatus(string Name, string Encap, ImmutableArray<ServerStatus> Servers)
{
    /// <summary>The service whose checks judge the servers; null: the services of the pool share verdicts and
    /// slots.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public string? Service { get; init; }
}

/// <summary>Status and counters of a real server in one <see cref="PoolStatus"/>.</summary>
/// <param name="Name">Name in the configuration.</param>
/// <param name="Address">The server's own address.</param>
/// <param name="Weight">Weight in the configuration; 0 when it accepts no new flows.</param>
/// <param name="State">Its state: it serves, or why it does not.</param>
/// <param name="Slots">Number of its slots.</param>
/// <param name="Flows">Number of its tracked flows.</param>
/// <param name="Packets">Frames forwarded to it.</param>
/// <param name="Bytes">Bytes of these frames as they arrived, from the Ethernet header on.</param>
public sealed record ServerStatus(string Name, IPAddress Address, int Weight, ServerCondition State, int Slots,
    long Flows, ulong Packets, ulong Bytes);

/// <summary>The state of a real server: it accepts traffic, or why it does not.</summary>
public enum ServerCondition
{
    /// <summary>It accepts traffic, new flows included.</summary>
    Serving,

    /// <summary>It is disabled, or its weight is 0.</summary>
    Disabled,

    /// <summary>It drains: it keeps the flows that it has and accepts no new ones.</summary>
    Draining,

    /// <summary>It has no next hop: its address, or that of its router, is not resolved.</summary>
    Unresolved,

    /// <summary>Its health monitors report it unhealthy, or have not yet reported it healthy.</summary>
    Failed,
}
