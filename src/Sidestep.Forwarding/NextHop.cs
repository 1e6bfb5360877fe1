using System.Collections.Immutable;
using System.Net;
using Sidestep.Packets;

namespace Sidestep.Forwarding;

/// <summary>How a frame leaves the director towards a real server.</summary>
/// <param name="Egress">The interface.</param>
/// <param name="Neighbour">Ethernet address of the server itself, or of the router before it.</param>
/// <param name="ViaRouter">True: the neighbour is a router, so that layer 2 cannot reach the server (L2-03).</param>
/// <param name="IsLocal">True: the address is the director's own; it is itself the real server.</param>
public sealed record NextHop(EgressInterface Egress, MacAddress Neighbour, bool ViaRouter = false, bool IsLocal = false);

/// <summary>One of the director's interfaces.</summary>
/// <param name="Index">The kernel's index, above 0.</param>
/// <param name="Name">The kernel's name.</param>
/// <param name="Mac">Its Ethernet address.</param>
/// <param name="Address">Its IPv4 address: the outer source of layer 3; null when it has none.</param>
/// <param name="MtuBytes">Largest IP datagram.</param>
/// <param name="Address6">Its global IPv6 address, for the same; null when it has none.</param>
public sealed record EgressInterface(int Index, string Name, MacAddress Mac, IPAddress? Address, int MtuBytes, IPAddress? Address6 = null);

/// <summary>Finds next hops and keeps them fresh.</summary>
public interface INextHopResolver
{
    /// <summary>The servers that matter from now on, and the only interfaces that they may be reached by.</summary>
    /// <param name="interfaces">Names of the director's interfaces.</param>
    /// <param name="servers">Addresses of real servers.</param>
    void Watch(IReadOnlyCollection<string> interfaces, IReadOnlyCollection<IPAddress> servers);

    /// <summary>The other directors that matter from now on: their Ethernet addresses go to <see cref="NextHops.Peers"/>. A
    /// resolver that finds none may leave it.</summary>
    /// <param name="peers">Their addresses; the director's own among them are passed over.</param>
    void WatchPeers(IReadOnlyCollection<IPAddress> peers)
    {
    }

    /// <summary>What is known now. A server that was never resolved is missing; one that stopped answering keeps its last
    /// next hop, because whether it serves is for health checks to say.</summary>
    NextHops Current { get; }

    /// <summary>Raised, on any thread, after <see cref="Current"/> changed.</summary>
    event Action? Changed;
}

/// <summary>Next hops at one moment.</summary>
/// <param name="Interfaces">The director's interfaces, by index.</param>
/// <param name="Servers">Next hop of each resolved server.</param>
/// <param name="Unresolved">Why the others have none.</param>
public sealed record NextHops(
    IReadOnlyList<EgressInterface> Interfaces,
    IReadOnlyDictionary<IPAddress, NextHop> Servers,
    IReadOnlyDictionary<IPAddress, string> Unresolved)
{
    /// <summary>Ethernet address of each other director that was found, by <see cref="Model.DirectorSettings.Peers"/>.</summary>
    public IReadOnlyDictionary<IPAddress, MacAddress> Peers { get; init; } = ImmutableDictionary<IPAddress, MacAddress>.Empty;

    /// <summary>Why the other directors' addresses that are not in <see cref="Peers"/> are not.</summary>
    public IReadOnlyDictionary<IPAddress, string> UnresolvedPeers { get; init; } = ImmutableDictionary<IPAddress, string>.Empty;
}
