using System.Net;
using System.Net.Sockets;
using Sidestep.Forwarding;
using Sidestep.Native;
using Sidestep.Packets;

namespace Sidestep.Daemon.AddressConflicts;

/// <summary>The frames of the sentinel: who has a VIP, I have it, and what others say.</summary>
internal sealed class ConflictFrames : IDisposable
{
    /// <summary>A storm must not keep the sentinel from its questions; the rest comes at the next call.</summary>
    private const int MaxFramesPerCall = 10_000;

    private const int MaxFrameBytes = 256;
    private const int NextHeaderOffset = EthernetPacket.HeaderLength + 6, TypeOffset = EthernetPacket.HeaderLength + 40;
    private static readonly MacAddress Broadcast = new(0xffff_ffff_ffff);

    private readonly FrameSender _sender = FrameSender.Open();
    private readonly FrameReceiver _arp = FrameReceiver.Open((ushort)EtherType.Arp);
    private readonly FrameReceiver _discovery = FrameReceiver.Open((ushort)EtherType.Ipv6,
        (NextHeaderOffset, (byte)IpProtocol.IcmpV6), (TypeOffset, NeighbourAdvertisement.Type));

    /// <summary>Asks everybody on the link.</summary>
    /// <returns>False: the interface has no address of the VIP's family to ask from, or is down.</returns>
    internal bool SendRequest(EgressInterface link, IPAddress vip, IPAddress? from6)
    {
        if (vip.AddressFamily == AddressFamily.InterNetwork)
        {
            if (link.Address is null)
                return false;
            return SendArp(link, ArpHeader.Request(link.Mac, Ipv4Address.From(link.Address), Ipv4Address.From(vip)));
        }
        if (from6 is null)
            return false;
        var solicitation = new NeighbourSolicitation(link.Mac, Ipv6Address.From(from6), Ipv6Address.From(vip));
        var frame = new byte[EthernetPacket.HeaderLength + NeighbourSolicitation.Length];
        new EthernetHeader(solicitation.Destination.MulticastMac, link.Mac, EtherType.Ipv6).Write(frame);
        solicitation.Write(frame.AsSpan(EthernetPacket.HeaderLength));
        return _sender.Send(link.Index, frame);
    }

    /// <summary>Tells everybody on the link that the VIP is here (RFC 5227 section 3, RFC 4861 section 7.2.6).</summary>
    internal void Announce(EgressInterface link, IPAddress vip, IPAddress? from6)
    {
        if (vip.AddressFamily == AddressFamily.InterNetwork)
        {
            var address = Ipv4Address.From(vip);
            SendArp(link, ArpHeader.Request(link.Mac, address, address));
            return;
        }
        var announcement = new UnsolicitedNeighbourAdvertisement(link.Mac, Ipv6Address.From(from6 ?? vip), Ipv6Address.From(vip));
        var frame = new byte[EthernetPacket.HeaderLength + UnsolicitedNeighbourAdvertisement.Length];
        new EthernetHeader(UnsolicitedNeighbourAdvertisement.Destination.MulticastMac, link.Mac, EtherType.Ipv6).Write(frame);
        announcement.Write(frame.AsSpan(EthernetPacket.HeaderLength));
        _sender.Send(link.Index, frame);
    }

    /// <summary>Hands over what came: every address that somebody says is his, in answers, announcements and questions.</summary>
    internal void Receive(Action<int, IPAddress, MacAddress> handle)
    {
        Span<byte> frame = stackalloc byte[MaxFrameBytes];
        for (var i = 0; i < MaxFramesPerCall && _arp.TryReceive(frame, out var interfaceIndex) is var length and > 0; i++)
        {
            if (EthernetPacket.TryParse(frame[..length], out var ethernet) && ArpPacket.TryParse(ethernet.Payload, out var arp))
                handle(interfaceIndex, arp.SenderAddress.ToIPAddress(), arp.SenderMac);
        }
        for (var i = 0; i < MaxFramesPerCall && _discovery.TryReceive(frame, out var interfaceIndex) is var length and > 0; i++)
        {
            if (EthernetPacket.TryParse(frame[..length], out var ethernet) && NeighbourAdvertisement.TryParse(ethernet.Payload, out var advertisement))
                handle(interfaceIndex, advertisement.Target.ToIPAddress(), advertisement.TargetMac ?? ethernet.Source);
        }
    }

    public void Dispose()
    {
        _sender.Dispose();
        _arp.Dispose();
        _discovery.Dispose();
    }

    private bool SendArp(EgressInterface link, ArpHeader arp)
    {
        var frame = new byte[EthernetPacket.HeaderLength + ArpPacket.Length];
        new EthernetHeader(Broadcast, link.Mac, EtherType.Arp).Write(frame);
        arp.Write(frame.AsSpan(EthernetPacket.HeaderLength));
        return _sender.Send(link.Index, frame);
    }
}
