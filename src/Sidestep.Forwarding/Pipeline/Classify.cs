using System.Runtime.CompilerServices;

namespace Sidestep.Forwarding.Pipeline;

/// <summary>Classify: address -> VIP; protocol and port -> virtual service; and whether the source may use it.</summary>
internal static class Classify
{
    /// <summary>The VIP that the packet is addressed to; a single one before the longest prefix. Null: none of ours.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static VipRecord? Vip(Packet p, PipelineTables tables)
    {
        var number = (p.IsIpv6 ? tables.Vips6 : tables.Vips4).Find(p.Destination0, p.Destination1);
        if (number < 0 && !tables.VipPrefixes.IsEmpty)
            number = tables.VipPrefixes.Find(p.IsIpv6, p.Destination0, p.Destination1);
        p.Vip = number;
        return number < 0 ? null : tables.Vips[number];
    }

    /// <summary>The service that takes a packet to a VIP; null: none, and why, or the packet is answered for the VIP.</summary>
    /// <param name="p">Addressed to the VIP.</param>
    /// <param name="frame">From the Ethernet header on.</param>
    /// <param name="vip">The VIP.</param>
    /// <param name="decision">What becomes of it when there is no service; 0: a later fragment that may be remembered.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static ServiceRecord? Service(Packet p, ReadOnlySpan<byte> frame, VipRecord vip, out Decision decision)
    {
        decision = 0;
        if (p.Icmp == IcmpKind.EchoRequest && vip.Echo is null)
            decision = Echo(p, vip);
        else if (p.Icmp == IcmpKind.EchoRequest)
            return vip.Echo;
        else if (p.Icmp == IcmpKind.Error && !Parse.Quote(p, frame))
            decision = p.Drop(DropReason.IcmpErrorUnknown);
        if (decision != 0)
            return null;
        var found = p.IsLater && p.HasPorts ? vip.Fragments(p.Protocol) : vip.Service(p.Protocol, p.DestinationPort);
        if (found is null && !p.IsLater)
            decision = p.Drop(Refusal(p));
        return found;
    }

    /// <summary>Why nobody takes a later fragment whose first one is not known.</summary>
    internal static DropReason RefusalOfFragment(Packet p, VipRecord vip) =>
        p.HasPorts && vip.Has(p.Protocol) ? DropReason.FragmentUnknown : Refusal(p);

    private static Decision Echo(Packet p, VipRecord vip)
    {
        if (p.IsFirst || p.IsLater)
            return p.Drop(DropReason.IcmpUnsupported);
        return vip.Entry.Echo == EchoAction.Answer ? Decision.AnswerEcho : p.Drop(DropReason.EchoRefused);
    }

    private static DropReason Refusal(Packet p)
    {
        if (p.IsQuoted)
            return DropReason.IcmpErrorUnknown;
        if (p.HasPorts)
            return DropReason.NoService;
        return p.Protocol == (p.IsIpv6 ? Parse.Icmpv6 : Parse.Icmp) ? DropReason.IcmpUnsupported : DropReason.ProtocolUnsupported;
    }
}
