using System.Globalization;

namespace Sidestep.Forwarding.Pipeline;

/// <summary>What people are told of an outcome.</summary>
internal static class VerdictText
{
    /// <summary>Why it was dropped.</summary>
    internal static string Of(DropReason reason) => reason switch
    {
        DropReason.Malformed => "its lengths contradict each other or the frame",
        DropReason.FragmentUnknown => "a later fragment, whose first one is not known",
        DropReason.ExtensionHeaders => "more extension headers than are looked at, or one that may not be forwarded",
        DropReason.ProtocolUnsupported => "no service there has this protocol",
        DropReason.IcmpUnsupported => "ICMP that is neither an echo request nor an error about a flow",
        DropReason.EchoRefused => "a ping, which the VIP does not answer",
        DropReason.NoService => "no service there has this protocol and port",
        DropReason.NoServer => "the service has no usable server",
        DropReason.TooBig => "with its outer header longer than the MTU of the egress interface",
        DropReason.NoHeadroom => "no headroom for the outer header",
        DropReason.TablesInconsistent => "a number in the tables is out of range: a defect of Sidestep",
        DropReason.AccessDenied => "the access list denies the source",
        DropReason.TooBigRateLimited => "too big, and the rate limit of ICMP errors is used up",
        DropReason.IcmpErrorUnknown => "an ICMP error that quotes no flow of a service",
        _ => throw new ArgumentOutOfRangeException(nameof(reason), reason, null),
    };

    /// <summary>What is done without a service: an answer of the director.</summary>
    internal static string WithoutService(Decision decision) => decision switch
    {
        Decision.ArpReply => "an ARP request for it, which is answered",
        Decision.NeighbourAdvertisement => "a neighbour solicitation for it, which is answered",
        Decision.EchoReply => "a ping, which is answered here",
        // A later fragment goes on with its first one's service, which may have left the file since.
        _ => $"of a service that is no longer there: {CounterName.Of(decision)}",
    };

    /// <summary>An IP protocol by its name, if it has one here.</summary>
    internal static string OfProtocol(int number) => number switch
    {
        1 => "icmp",
        6 => "tcp",
        17 => "udp",
        58 => "icmpv6",
        _ => string.Create(CultureInfo.InvariantCulture, $"protocol {number}"),
    };
}
