using System.Collections.Immutable;
using System.Net;
using Sidestep.Forwarding.Capture;

namespace Sidestep.Forwarding.Pipeline;

/// <summary>Applies a capture filter: to the received frame first, then to the result. Allocates nothing per frame.
/// Single-threaded.</summary>
/// <param name="filter">The filter; a frame must meet every condition.</param>
public sealed class CaptureMatcher(CaptureFilter filter)
{
    private readonly Packet _packet = new();
    private readonly ImmutableArray<(CapturedSide Side, PrefixTable Prefix)> _addresses =
        [.. filter.Addresses.Select(static a => (a.Side, new PrefixTable([(a.Prefix, 0)])))];

    private bool NeedsParsing => !filter.Addresses.IsEmpty || !filter.Ports.IsEmpty || filter.Protocol is not null;

    /// <summary>True if the received frame meets the conditions on addresses, ports and protocol.</summary>
    /// <param name="frame">The received frame from the Ethernet header on, at least 14 bytes.</param>
    public bool Matches(ReadOnlySpan<byte> frame)
    {
        if (!NeedsParsing)
            return true;
        var p = _packet;
        p.Begin(frame.Length, 0);
        if (!TryParse(p, frame))
            return false;
        foreach (var (side, prefix) in _addresses)
        {
            if (!((side & CapturedSide.Source) != 0 && prefix.Find(p.IsIpv6, p.Source0, p.Source1) >= 0)
                && !((side & CapturedSide.Destination) != 0
                    && prefix.Find(p.IsIpv6, p.Destination0, p.Destination1) >= 0))
                return false;
        }
        foreach (var port in filter.Ports)
        {
            if (port != p.SourcePort && port != p.DestinationPort)
                return false;
        }
        return filter.Protocol switch
        {
            null => true,
            CapturedProtocol.Tcp => p.Protocol == Parse.Tcp,
            CapturedProtocol.Udp => p.Protocol == Parse.Udp,
            CapturedProtocol.Sctp => p.Protocol == Parse.Sctp,
            CapturedProtocol.UdpLite => p.Protocol == Parse.UdpLite,
            CapturedProtocol.Dccp => p.Protocol == Parse.Dccp,
            _ => p.Protocol is Parse.Icmp or Parse.Icmpv6,
        };
    }

    /// <summary>True if the result meets the conditions on decision, drop reason, service and server. A filter without
    /// a decision matches any except <see cref="Decision.Pass"/>.</summary>
    public bool Matches(in ReplayedFrame result)
    {
        if (filter.Reason is { } reason)
        {
            if (result.Decision != Decision.Drop || result.Reason != reason
                || filter.Decision is not (null or Decision.Drop))
                return false;
        }
        else if (filter.Decision is { } decision ? result.Decision != decision : result.Decision == Decision.Pass)
        {
            return false;
        }
        return (filter.Service is null || filter.Service == result.Service)
            && (filter.Server is null
                || (result.Server is { } server && (server.Name == filter.Server
                    || IsAddress(server.Address.Address))));
    }

    private bool IsAddress(IPAddress address) =>
        IPAddress.TryParse(filter.Server, out var parsed) && parsed.Equals(address);

    /// <summary>Parses addresses, ports and protocol, as far as the frame has them; of ARP, sender and target
    /// addresses.</summary>
    private static bool TryParse(Packet p, ReadOnlySpan<byte> frame)
    {
        switch (Parse.Link(p, frame))
        {
            case Parse.Arp:
                return Parse.ArpAddresses(p, frame);
            case Parse.Ipv4:
                return Parse.Datagram4(p, frame);
            case Parse.Ipv6:
                return Parse.Datagram6(p, frame);
            default:
                return false;
        }
    }
}
