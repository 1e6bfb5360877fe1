using System.Net;
using Sidestep.Forwarding;

namespace Sidestep.Daemon.NextHops;

/// <summary>A next hop whose Ethernet address is to be asked for.</summary>
/// <param name="Egress">By this interface.</param>
/// <param name="Neighbour">The server itself or a router; a router of an IPv4 server may have an IPv6 address (RFC 5549).</param>
/// <param name="ViaRouter">True: a router.</param>
/// <param name="SourceAddress">The director's address on that link, of the neighbour's family.</param>
internal sealed record NextHopRoute(EgressInterface Egress, IPAddress Neighbour, bool ViaRouter, IPAddress SourceAddress)
{
    /// <summary>Servers behind one router have this in common.</summary>
    internal (int Interface, IPAddress Neighbour) Key => (Egress.Index, Neighbour);
}
