using Sidestep.Packets;

namespace Sidestep.Forwarding.Pipeline;

/// <summary>Texts about the verdict on a packet, for people.</summary>
internal static class VerdictText
{
    /// <summary>Why a packet was dropped: the text of the enumeration.</summary>
    internal static string Of(DropReason reason) => reason switch
    {
        DropReason.Malformed => "header lengths contradict each other or the frame",
        DropReason.FragmentUnknown => "a later fragment whose first fragment is not known",
        DropReason.ExtensionHeaders => "too many IPv6 extension headers, or one that must not be forwarded",
        DropReason.ProtocolUnsupported => "a protocol that no service of the VIP has",
        DropReason.IcmpUnsupported => "ICMP that is neither an echo request nor an error about a flow",
        DropReason.EchoRefused => "an echo request to a VIP that does not answer it now",
        DropReason.NoService => "no service of the VIP has this protocol and port",
        DropReason.NoServer => "the service has no usable real server",
        DropReason.TooBig => "longer than the MTU of the egress interface, with its outer header",
        DropReason.NoHeadroom => "too little headroom in front of the frame for the outer header",
        DropReason.TablesInconsistent => "an index in the tables is out of range: a bug, please report it",
        DropReason.AccessDenied => "the access list of the service denies the source",
        DropReason.TooBigRateLimited => "too big, and ICMP errors or punted frames are at their limit",
        DropReason.IcmpErrorUnknown => "an ICMP error that quotes no flow of a service",
        _ => throw new ArgumentOutOfRangeException(nameof(reason), reason, null),
    };

    /// <summary>The text for a packet to a VIP that the director answers without choosing a service.</summary>
    internal static string WithoutService(Decision decision) => decision switch
    {
        Decision.ArpReply => "an ARP request for it, which is answered",
        Decision.NeighbourAdvertisement => "a neighbour solicitation for it, which is answered",
        Decision.EchoReply => "an echo request, which is answered here",
        Decision.TcpReset => "no service has this port, the client gets a reset",
        Decision.IcmpUnreachable => "no service has this protocol and port, the sender gets an ICMP error",
        // A later fragment follows the service of its first one, which the configuration may no longer have.
        _ => $"of a service that no longer exists: {CounterName.Of(decision)}",
    };

    /// <summary>Name of an IP protocol: <c>tcp</c>; <c>protocol 47</c> for those without a name here.</summary>
    internal static string OfProtocol(int number) => ((IpProtocol)number).Name();
}
