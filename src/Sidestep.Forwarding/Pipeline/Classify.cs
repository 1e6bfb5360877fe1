using System.Runtime.CompilerServices;

namespace Sidestep.Forwarding.Pipeline;

/// <summary>Stage Classify: destination address -> VIP; protocol and port -> virtual service.</summary>
internal static class Classify
{
    /// <summary>Index of the VIP that the packet is addressed to; negative: none. A single VIP takes precedence over
    /// the longest prefix.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static int Vip(Packet p, PipelineTables tables)
    {
        var number = (p.IsIpv6 ? tables.Vips6 : tables.Vips4).Find(p.Destination0, p.Destination1);
        if (number < 0 && !tables.VipPrefixes.IsEmpty)
            number = tables.VipPrefixes.Find(p.IsIpv6, p.Destination0, p.Destination1);
        p.Vip = number;
        return number;
    }

    /// <summary>The service that matches a packet to a VIP; null: none.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static ServiceRecord? Service(Packet p, ReadOnlySpan<byte> frame, VipRecord vip) =>
        p.Flags == 0 ? vip.Service(p.Protocol, p.DestinationPort) : ServiceOfFlagged(p, frame, vip);

    /// <summary>The service of ICMP messages and of fragments; null: none.</summary>
    private static ServiceRecord? ServiceOfFlagged(Packet p, ReadOnlySpan<byte> frame, VipRecord vip)
    {
        if (p.IsEchoRequest)
            return vip.Echo;
        if ((p.Flags & PacketFlags.IcmpError) != 0)
            return ServiceOfQuoted(p, Parse.Quote(p, frame), vip);
        // Only fragments are left.
        if (!p.HasPorts)
            return vip.Service(p.Protocol, p.DestinationPort);
        var untracked = vip.Fragments(p.Protocol);
        if (untracked is not null)
            p.Flags |= PacketFlags.WithoutPorts;
        return p.IsLaterFragment ? untracked : vip.Service(p.Protocol, p.DestinationPort);
    }

    /// <summary>The service of the packet that an ICMP error quotes; null: none.</summary>
    private static ServiceRecord? ServiceOfQuoted(Packet p, QuoteKind kind, VipRecord vip)
    {
        if (kind == QuoteKind.LaterFragment)
            p.Flags |= PacketFlags.WithoutPorts;
        return kind switch
        {
            QuoteKind.Flow => vip.Service(p.Protocol, p.DestinationPort),
            QuoteKind.LaterFragment => vip.Fragments(p.Protocol),
            QuoteKind.Echo => vip.Echo,
            _ => null,
        };
    }

    /// <summary>Handles a packet that no service matches and that does not need the fragment table.</summary>
    internal static Decision WithoutService(Packet p, Span<byte> frame, VipRecord vip)
    {
        if (!p.IsEchoRequest)
            return p.Drop(DropReasonOf(p));
        if (p.IsFirstFragment || p.IsLaterFragment)
            return p.Drop(DropReason.IcmpUnsupported);
        if (vip.Entry.Echo != EchoAction.Reply)
            return p.Drop(DropReason.EchoRefused);
        Respond.Echo(p, frame);
        return Decision.EchoReply;
    }

    /// <summary>Drop reason of a later fragment whose first fragment is not known.</summary>
    internal static DropReason DropReasonOfFragment(Packet p, VipRecord vip) =>
        p.HasPorts && vip.HasProtocol(p.Protocol) ? DropReason.FragmentUnknown : DropReasonOf(p);

    private static DropReason DropReasonOf(Packet p)
    {
        if ((p.Flags & PacketFlags.IcmpError) != 0)
            return DropReason.IcmpErrorUnknown;
        if (p.HasPorts)
            return DropReason.NoService;
        return p.Protocol == (p.IsIpv6 ? Parse.Icmpv6 : Parse.Icmp)
            ? DropReason.IcmpUnsupported : DropReason.ProtocolUnsupported;
    }
}
