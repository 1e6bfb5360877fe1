using System.Runtime.CompilerServices;
using Sidestep.Forwarding.Lowering;
using Sidestep.Model;

namespace Sidestep.Forwarding.Pipeline;

/// <summary>A service, as the pipeline uses it.</summary>
internal sealed class ServiceRecord
{
    internal required int Id { get; init; }

    internal required ServiceEntry Entry { get; init; }

    /// <summary>For each slot the server ID and <see cref="SlotWords.Tracked"/>; empty: no server can receive
    /// packets.</summary>
    internal required uint[] Slots { get; init; }

    /// <summary>For each slot the ID of its previous server, which still gets the packets of untracked flows; 0 for
    /// none. Null: no slot has a previous server.</summary>
    internal required uint[]? PreviousServers { get; init; }

    internal HashFields HashFields { get; init; }

    /// <summary>True if every flow is tracked, not only those of slots in transition.</summary>
    internal bool TracksFlows { get; init; }

    internal bool IsRoundRobin { get; init; }

    internal bool IsLeastConnections { get; init; }

    /// <summary>Clients are tracked instead of flows.</summary>
    internal bool HasPersistence { get; init; }

    /// <summary>Access list: prefixes of sources, with 1 for allowed and 0 for denied. Null: all sources are
    /// allowed.</summary>
    internal PrefixTable? Access { get; init; }

    /// <summary>True if sources outside all prefixes are allowed.</summary>
    internal bool AllowsByDefault { get; init; }

    internal required IdleTimeoutTicks IdleTimeouts { get; init; }

    internal RejectPolicy OnNoServer => Entry.OnNoServer;

    /// <summary>True for a datagram that belongs to no flow. An error about one goes where the hash of its ports
    /// does.</summary>
    internal bool HasNoFlow(Packet p) => Entry.OncePerDatagram && p.Protocol == Parse.Udp && !p.IsQuoted;

    internal bool UdpMoves => Entry.UdpOnRebalance == UdpRebalancePolicy.Move;

    /// <summary>True if the source may use the service. An ICMP error that quotes one of its packets is always
    /// allowed.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal bool Allows(Packet p) => Access is not { } access || p.IsQuoted || Allows(access, p);

    private bool Allows(PrefixTable access, Packet p) => access.Find(p.IsIpv6, p.Source0, p.Source1) switch
    {
        1 => true,
        0 => false,
        _ => AllowsByDefault,
    };
}

/// <summary>Idle timeouts of a service, in ticks. For Fin and Rst, 0 means the timeout of TCP; for Persistence, that
/// flows are tracked and not clients.</summary>
internal sealed record IdleTimeoutTicks(uint Tcp, uint Udp, uint Other, uint Fin, uint Rst, uint Persistence)
{
    internal static IdleTimeoutTicks Of(ServiceEntry service) => new(
        Ticks.Of(service.IdleTimeouts.Tcp), Ticks.Of(service.IdleTimeouts.Udp), Ticks.Of(service.IdleTimeouts.Icmp),
        service.IdleTimeouts.AfterFin is { } fin ? Ticks.Of(fin) : 0,
        service.IdleTimeouts.AfterRst is { } rst ? Ticks.Of(rst) : 0,
        service.Persistence is { } persistence ? Ticks.Of(persistence.TimeoutSeconds) : 0);

    /// <summary>The idle timeout of a flow, or of a client with persistence, in ticks.</summary>
    /// <param name="protocol">IP protocol of the flow.</param>
    /// <param name="flags"><see cref="FlowTable.Fin"/> and <see cref="FlowTable.Rst"/> of the flow; other bits are
    /// ignored.</param>
    internal uint For(int protocol, uint flags)
    {
        if (Persistence != 0)
            return Persistence;
        if (protocol != Parse.Tcp)
            return protocol is Parse.Udp or Parse.UdpLite ? Udp : protocol is Parse.Sctp or Parse.Dccp ? Tcp : Other;
        if ((flags & FlowTable.Rst) != 0 && Rst != 0)
            return Rst;
        return (flags & FlowTable.Fin) != 0 && Fin != 0 ? Fin : Tcp;
    }
}
