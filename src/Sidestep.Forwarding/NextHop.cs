using System.Collections.Immutable;
using System.Net;
using Sidestep.Model;
using Sidestep.Packets;

namespace Sidestep.Forwarding;

/// <summary>How a frame leaves the director towards a real server.</summary>
/// <param name="Egress">The egress interface, as the route to the server uses it: the MTU and the IPv6 source address
/// are those of the route, and the MTU is smaller where the path carries less.</param>
/// <param name="Neighbour">Ethernet address of the server itself, or of the router in front of it.</param>
/// <param name="ViaRouter">True: the neighbour is a router, so that layer 2 cannot reach the server.</param>
/// <param name="IsLocal">True: the address is the director's own: this machine is the real server.</param>
public sealed record NextHop(
    EgressInterface Egress, MacAddress Neighbour, bool ViaRouter = false, bool IsLocal = false)
{
    /// <summary>The MTU of the route in bytes, where a smaller path MTU was measured, which <see cref="Egress"/> then
    /// has; null: the path is not known to carry less than the route.</summary>
    public int? LimitedRouteMtuBytes { get; init; }

    /// <summary>The MTU of the route in bytes, whatever was measured.</summary>
    public int RouteMtuBytes => LimitedRouteMtuBytes ?? Egress.MtuBytes;
}

/// <summary>One of the director's interfaces.</summary>
/// <param name="Index">The kernel's index of the interface, above 0.</param>
/// <param name="Name">The kernel's name of the interface.</param>
/// <param name="Mac">Its Ethernet address.</param>
/// <param name="Address">Its IPv4 address, the source of outer headers; null when it has none.</param>
/// <param name="MtuBytes">The longest IP datagram that it sends, in bytes.</param>
/// <param name="Address6">Its global IPv6 address, the source of outer IPv6 headers; null when it has none.</param>
public sealed record EgressInterface(
    int Index, string Name, MacAddress Mac, IPAddress? Address, int MtuBytes, IPAddress? Address6 = null);

/// <summary>Resolves next hops and keeps them up to date.</summary>
public interface INextHopResolver
{
    /// <summary>Sets the servers to resolve, and the only interfaces by which they may be reached.</summary>
    /// <param name="interfaces">Names of the director's interfaces.</param>
    /// <param name="servers">Addresses of real servers.</param>
    void Watch(IReadOnlyCollection<string> interfaces, IReadOnlyCollection<VrfAddress> servers);

    /// <summary>Sets the other directors to resolve: their Ethernet addresses go to <see cref="NextHops.Peers"/>. The
    /// default implementation resolves none.</summary>
    /// <param name="peers">Addresses of the directors; the director's own among them are ignored.</param>
    void WatchPeers(IReadOnlyCollection<VrfAddress> peers)
    {
    }

    /// <summary>The current next hops. A server that was never resolved is missing. A server that stops answering keeps
    /// its last next hop, because health checks alone decide whether it serves. A server that loses its route keeps it
    /// for five seconds.</summary>
    NextHops Current { get; }

    /// <summary>Raised on any thread after <see cref="Current"/> has changed.</summary>
    event Action? Changed;
}

/// <summary>Snapshot of the next hops.</summary>
/// <param name="Interfaces">The director's interfaces, by index.</param>
/// <param name="Servers">Next hop of each resolved server.</param>
/// <param name="Unresolved">Why the other servers have no next hop.</param>
public sealed record NextHops(
    IReadOnlyList<EgressInterface> Interfaces,
    IReadOnlyDictionary<VrfAddress, NextHop> Servers,
    IReadOnlyDictionary<VrfAddress, string> Unresolved)
{
    /// <summary>The addresses of the director's machine, on all of its interfaces, ascending: packets to them are for
    /// the machine itself.</summary>
    public ImmutableArray<IPAddress> LocalAddresses { get; init; } = [];

    /// <summary>Ethernet address of each resolved director of <see cref="Model.GroupSettings.Peers"/>.</summary>
    public IReadOnlyDictionary<VrfAddress, MacAddress> Peers { get; init; } =
        ImmutableDictionary<VrfAddress, MacAddress>.Empty;

    /// <summary>The reason for each other director that is not resolved, and so missing in <see
    /// cref="Peers"/>.</summary>
    public IReadOnlyDictionary<VrfAddress, string> UnresolvedPeers { get; init; } =
        ImmutableDictionary<VrfAddress, string>.Empty;
}
