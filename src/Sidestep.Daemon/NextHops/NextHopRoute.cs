using System.Net;
using Sidestep.Forwarding;

namespace Sidestep.Daemon.NextHops;

/// <summary>The route to a server or another director, without the Ethernet address of its next hop.</summary>
/// <param name="Egress">The egress interface.</param>
/// <param name="Neighbour">The server itself, or a router. A router of an IPv4 server may have an IPv6 address (RFC
/// 5549).</param>
/// <param name="ViaRouter">True: the neighbour is a router.</param>
/// <param name="SourceAddress">The director's address on that link, of the neighbour's family.</param>
internal sealed record NextHopRoute(EgressInterface Egress, IPAddress Neighbour, bool ViaRouter,
    IPAddress SourceAddress)
{
    /// <summary>The neighbour's key; servers behind one router share it.</summary>
    internal (int Interface, IPAddress Neighbour) Key => (Egress.Index, Neighbour);
}
