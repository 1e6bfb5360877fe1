using System.Runtime.CompilerServices;
using Sidestep.Model;

namespace Sidestep.Forwarding.Pipeline;

/// <summary>A service as packets see it.</summary>
internal sealed class ServiceRecord
{
    internal required int Id { get; init; }

    internal required ServiceEntry Entry { get; init; }

    /// <summary>Server ids, with <see cref="Tracked"/>; empty: nobody can take a packet.</summary>
    internal required uint[] Slots { get; init; }

    /// <summary>Ids of the servers that packets of no remembered flow still belong to, 0 for none; null: nothing is under way.</summary>
    internal required uint[]? PreviousServers { get; init; }

    /// <summary>Flows of the slot may be remembered: look.</summary>
    internal const uint Tracked = 1U << 31;

    internal const uint ServerMask = 0x00ff_ffff;

    internal HashFields HashFields { get; init; }

    /// <summary>Every flow is remembered.</summary>
    internal bool TracksFlows { get; init; }

    internal bool IsRoundRobin { get; init; }

    internal bool IsLeastConnections { get; init; }

    /// <summary>Clients are remembered, not flows.</summary>
    internal bool HasPersistence { get; init; }

    /// <summary>Prefixes of sources: 1 may, 0 may not. Null: everybody may.</summary>
    internal PrefixTable? Access { get; init; }

    /// <summary>Whether sources of no prefix may.</summary>
    internal bool AllowsByDefault { get; init; }

    internal required IdleTimeoutTicks IdleTimeouts { get; init; }

    internal bool UdpMoves => Entry.UdpOnRebalance == UdpRebalancePolicy.Move;

    /// <summary>Whether the source may use it; who quotes a packet of it in an ICMP error always may.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal bool Allows(Packet p) => Access is not { } access || p.IsQuoted || Allows(access, p);

    private bool Allows(PrefixTable access, Packet p) => (access.Find(p.IsIpv6, p.Source0, p.Source1) switch { 1 => true, 0 => false, _ => AllowsByDefault });
}

/// <summary>How many ticks flows of a service may be idle; 0 after FIN or RST: as without.</summary>
internal sealed record IdleTimeoutTicks(uint Tcp, uint Udp, uint Other, uint Fin, uint Rst, uint Persistence)
{
    internal static IdleTimeoutTicks Of(ServiceEntry service) => new(
        Ticks.Of(service.IdleTimeouts.Tcp), Ticks.Of(service.IdleTimeouts.Udp), Ticks.Of(service.IdleTimeouts.Icmp),
        service.IdleTimeouts.AfterFin is { } fin ? Ticks.Of(fin) : 0,
        service.IdleTimeouts.AfterRst is { } rst ? Ticks.Of(rst) : 0,
        service.Persistence is { } persistence ? Ticks.Of(persistence.TimeoutSeconds) : 0);

    /// <summary>For a flow, or with persistence for a client.</summary>
    /// <param name="protocol">Of the flow.</param>
    /// <param name="flags"><see cref="FlowTable.Fin"/> and <see cref="FlowTable.Rst"/> of it.</param>
    internal uint For(int protocol, uint flags)
    {
        if (Persistence != 0)
            return Persistence;
        if (protocol != Parse.Tcp)
            return protocol == Parse.Udp ? Udp : Other;
        if ((flags & FlowTable.Rst) != 0 && Rst != 0)
            return Rst;
        return (flags & FlowTable.Fin) != 0 && Fin != 0 ? Fin : Tcp;
    }
}
