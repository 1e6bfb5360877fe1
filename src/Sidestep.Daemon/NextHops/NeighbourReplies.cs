using System.Net;
using Sidestep.Native;
using Sidestep.Packets;

namespace Sidestep.Daemon.NextHops;

/// <summary>Who answered for which address since the last question: ARP replies and neighbour advertisements.</summary>
internal sealed class NeighbourReplies : IDisposable
{
    /// <summary>A storm of answers must not keep the caller from its other work; the rest comes at the next call.</summary>
    private const int MaxFramesPerCall = 10_000;

    /// <summary>Room for an advertisement with some more options than the one that matters.</summary>
    private const int MaxFrameBytes = 256;

    private const int NextHeaderOffset = EthernetPacket.HeaderLength + 6, TypeOffset = EthernetPacket.HeaderLength + 40;

    private readonly FrameReceiver _arp = FrameReceiver.Open((ushort)EtherType.Arp);

    /// <summary>Only advertisements: the machine may have other IPv6 traffic, at any rate.</summary>
    private readonly FrameReceiver _discovery = FrameReceiver.Open((ushort)EtherType.Ipv6,
        (NextHeaderOffset, (byte)IpProtocol.IcmpV6), (TypeOffset, NeighbourAdvertisement.Type));

    private readonly Dictionary<(int Interface, IPAddress Address), HashSet<MacAddress>> _replies = [];

    /// <summary>A new question: earlier answers do not count.</summary>
    internal void Clear() => _replies.Clear();

    /// <summary>Takes in what came.</summary>
    /// <returns>True when there was an answer.</returns>
    internal bool Receive()
    {
        Span<byte> frame = stackalloc byte[MaxFrameBytes];
        var any = false;
        for (var i = 0; i < MaxFramesPerCall && _arp.TryReceive(frame, out var interfaceIndex) is var length and > 0; i++)
            any |= HandleArp(frame[..length], interfaceIndex);
        for (var i = 0; i < MaxFramesPerCall && _discovery.TryReceive(frame, out var interfaceIndex) is var length and > 0; i++)
            any |= HandleAdvertisement(frame[..length], interfaceIndex);
        return any;
    }

    /// <summary>All that answered for an address.</summary>
    internal IReadOnlySet<MacAddress> For(NextHopRoute route) => _replies.TryGetValue(route.Key, out var macs) ? macs : new HashSet<MacAddress>();

    public void Dispose()
    {
        _arp.Dispose();
        _discovery.Dispose();
    }

    private bool HandleArp(ReadOnlySpan<byte> frame, int interfaceIndex)
    {
        if (!EthernetPacket.TryParse(frame, out var ethernet) || !ArpPacket.TryParse(ethernet.Payload, out var arp)
            || arp.Operation != ArpOperation.Reply || arp.TargetMac != ethernet.Destination)
            return false;
        Add(interfaceIndex, arp.SenderAddress.ToIPAddress(), arp.SenderMac);
        return true;
    }

    /// <summary>An answer that does not override is of one who stands in for another, or of an anycast address: the kernel keeps
    /// what it has then (RFC 4861 section 7.2.5), and so does the director.</summary>
    private bool HandleAdvertisement(ReadOnlySpan<byte> frame, int interfaceIndex)
    {
        if (!EthernetPacket.TryParse(frame, out var ethernet) || !NeighbourAdvertisement.TryParse(ethernet.Payload, out var advertisement)
            || !advertisement.IsSolicited || !advertisement.IsOverride || advertisement.TargetMac is not { } mac)
            return false;
        Add(interfaceIndex, advertisement.Target.ToIPAddress(), mac);
        return true;
    }

    private void Add(int interfaceIndex, IPAddress address, MacAddress mac)
    {
        if (!_replies.TryGetValue((interfaceIndex, address), out var macs))
            _replies.Add((interfaceIndex, address), macs = []);
        macs.Add(mac);
    }
}
