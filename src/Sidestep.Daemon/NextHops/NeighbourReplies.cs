using System.Net;
using Sidestep.Daemon.Frames;
using Sidestep.Packets;

namespace Sidestep.Daemon.NextHops;

/// <summary>The hosts that answered for each address since the last request: ARP replies and neighbour
/// advertisements.</summary>
/// <param name="frames">Where the replies arrive; disposed by its owner.</param>
internal sealed class NeighbourReplies(IFrameChannel frames)
{
    private readonly Dictionary<(int Interface, IPAddress Address), HashSet<MacAddress>> _replies = [];

    /// <summary>Discards all replies: a new request begins.</summary>
    internal void Clear() => _replies.Clear();

    /// <summary>Records the replies that have arrived.</summary>
    /// <returns>True when there was one.</returns>
    internal bool Receive()
    {
        var any = false;
        frames.Receive((frame, interfaceIndex) =>
        {
            if (Read(frame) is not { } reply)
                return;
            if (!_replies.TryGetValue((interfaceIndex, reply.Address), out var macs))
                _replies.Add((interfaceIndex, reply.Address), macs = []);
            macs.Add(reply.Mac);
            any = true;
        });
        return any;
    }

    /// <summary>The Ethernet addresses of all hosts that answered for a neighbour's address; several are a
    /// conflict.</summary>
    internal IReadOnlySet<MacAddress> For(NextHopRoute route) =>
        _replies.TryGetValue(route.Key, out var macs) ? macs : new HashSet<MacAddress>();

    /// <summary>Reads an ARP reply to its receiver, or a solicited neighbour advertisement with the override flag. An
    /// advertisement without that flag comes from a proxy or is for an anycast address: the kernel keeps the Ethernet
    /// address that it has (RFC 4861 section 7.2.5), and so does the director.</summary>
    /// <param name="frame">From the Ethernet header on.</param>
    /// <returns>The neighbour's addresses; null: no such reply.</returns>
    internal static (IPAddress Address, MacAddress Mac)? Read(ReadOnlySpan<byte> frame)
    {
        if (!EthernetPacket.TryParse(frame, out var ethernet))
            return null;
        if (ethernet.Type == EtherType.Arp)
        {
            return ArpPacket.TryParse(ethernet.Payload, out var arp) && arp.Operation == ArpOperation.Reply
                && arp.TargetMac == ethernet.Destination ? (arp.SenderAddress.ToIPAddress(), arp.SenderMac) : null;
        }
        return NeighbourAdvertisement.TryParse(ethernet.Payload, out var advertisement)
            && advertisement is { IsSolicited: true, IsOverride: true, TargetMac: { } mac }
            ? (advertisement.Target.ToIPAddress(), mac) : null;
    }
}
