using System.Runtime.CompilerServices;

namespace Sidestep.Forwarding.Pipeline;

/// <summary>Parse -> Classify -> Select -> Encapsulate -> Transmit -> Account: what happens to one frame. One thread at a time; several
/// pipelines share what is remembered.</summary>
/// <remarks>Nothing is allocated per frame. Frames are at least 14 bytes long and have <see cref="Frame.Headroom"/> before and
/// <see cref="Frame.Tailroom"/> behind.</remarks>
public sealed class PacketPipeline
{
    private TokenBucket _tokens;

    /// <summary>One of those that share a memory; its counters are summed up there.</summary>
    internal PacketPipeline(PipelineState state)
    {
        Shared = state;
        Counters = state.NewCounters();
    }

    /// <summary>What it counted.</summary>
    public PipelineCounters Counters { get; }

    /// <summary>The time, in nanoseconds from any beginning: what is idle is forgotten by it. To be set before frames are processed;
    /// once for many is enough.</summary>
    public long Now { get; set; }

    /// <summary>Why the last frame was dropped, if it was.</summary>
    public DropReason Reason => LastPacket.Reason;

    /// <summary>Index of the interface that the last frame leaves by, if it does.</summary>
    public int Egress => LastPacket.Egress;

    /// <summary>Whether a real server was chosen for the last frame.</summary>
    public bool HasServer => LastPacket.Server != 0;

    /// <summary>What it shares with other pipelines.</summary>
    internal PipelineState Shared { get; }

    /// <summary>The time by which flows and fragments are remembered.</summary>
    internal uint Tick => Ticks.At(Now);

    /// <summary>What was found out about the last frame.</summary>
    internal Packet LastPacket { get; } = new();

    /// <summary>Decides, and changes the frame into what is to be sent.</summary>
    /// <param name="tables">By which.</param>
    /// <param name="frame">As it came in; after <see cref="Decision.Forward"/> and the answers, as it goes out; after
    /// <see cref="Decision.Punted"/>, what is to be sent in fragments (<see cref="PuntTarget"/>).</param>
    /// <param name="interfaceIndex">The interface that it came in by.</param>
    public Decision Process(PipelineTables tables, ref Frame frame, int interfaceIndex)
    {
        var p = LastPacket;
        p.Begin(frame.Length, interfaceIndex);
        var decision = Decide(p, tables, ref frame, interfaceIndex);
        Account.Decided(p, decision, Counters);
        return decision;
    }

    /// <summary>What is needed to send the last frame in fragments.</summary>
    /// <param name="tables">The same as before.</param>
    /// <returns>Where the IP header begins, the MTU of the egress interface, and the index of its interface.</returns>
    public (int L3, int Mtu, int Egress) PuntTarget(PipelineTables tables) =>
        (LastPacket.L3, tables.Server(LastPacket.Server)?.Mtu ?? 0, tables.Server(LastPacket.Server)?.Egress ?? 0);

    /// <summary>As if it had answered nothing yet: for tests.</summary>
    internal void ResetRateLimit() => _tokens = default;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private Decision Decide(Packet p, PipelineTables tables, ref Frame frame, int interfaceIndex)
    {
        ReadOnlySpan<byte> bytes = frame.Bytes;
        if (bytes.Length < Parse.EthernetHeader)
            return Decision.Pass;

        // Parse
        switch (Parse.Link(p, bytes))
        {
            case Parse.Ipv4:
                if (!Parse.Datagram4(p, bytes))
                    return Decision.Pass;
                break;
            case Parse.Ipv6:
                if (!Parse.Datagram6(p, bytes))
                    return Decision.Pass;
                if ((p.Flags & PacketFlags.Solicitation) != 0)
                    return Respond.Neighbour(p, ref frame, tables, interfaceIndex);
                break;
            case Parse.Arp:
                return Respond.Arp(p, frame.Bytes, tables, interfaceIndex);
            default:
                return Decision.Pass;
        }

        // Classify
        if (Classify.Vip(p, tables) < 0)
            return Decision.Pass;
        // A switch floods what it does not know the port of, and a broadcast frame is for everybody: what is not addressed to this
        // interface is the kernel's to judge (RFC 1122 section 3.3.6). Forwarding it would double it.
        if (tables.IngressInterface(interfaceIndex) is not { } ingress || !Respond.IsAddressedTo(ingress, bytes))
            return Decision.Pass;
        // What another director has balanced would otherwise go round between the two for ever.
        if (tables.Peers.Length > 0 && IsFromPeer(tables, bytes))
            return Decision.DeliverLocally;
        if (p.Reason != 0)
            return Decision.Drop; // malformed: what is for nobody here is the kernel's all the same
        var service = Classify.Service(p, bytes, tables.Vips[p.Vip]);

        // Select
        int id;
        if (service is null)
        {
            if (!p.IsLaterFragment || p.IsEchoRequest)
                return Classify.WithoutService(p, frame.Bytes, tables.Vips[p.Vip]);
            service = FindFragmentService(p, tables);
            if (service is null)
                return p.Drop(Classify.DropReasonOfFragment(p, tables.Vips[p.Vip]));
            id = p.Server;
        }
        else
        {
            p.Service = service.Id;
            if (!service.Allows(p))
                return p.Drop(DropReason.AccessDenied);
            p.Server = id = Select.Server(p, tables, service, this);
            if (p.IsFirstFragment)
                id = TrackFragments(p, tables, service);
        }
        if (tables.Server(id) is not { } server)
            return p.Drop(DropReason.NoServer);
        if (p.NeedsReset && !p.IsQuoted && !p.IsLaterFragment)
            return Reject.Reset(p, ref frame);
        if (server.IsLocal)
            return Decision.DeliverLocally;

        // Encapsulate
        if (p.Length > server.InnerMtu)
            return Reject.Oversized(p, ref frame, tables, service, server, ref _tokens, interfaceIndex, Now);
        if (!Encapsulate.Frame(p, ref frame, server))
            return p.Drop(DropReason.NoHeadroom);

        return Transmit.To(p, server);
    }

    /// <summary>The service of a later fragment, which goes where the first one went; null: nobody knows where.</summary>
    private ServiceRecord? FindFragmentService(Packet p, PipelineTables tables)
    {
        if (!Shared.Fragments.TryFind(FlowId.OfDatagram(tables, p), Tick, out var service, out p.Server))
            return null;
        p.Service = service!.Id;
        p.FlowLookup = FlowLookup.Fragment;
        return service;
    }

    /// <summary>Where the later fragments of a datagram go whose first one this is, unless they find it without.</summary>
    /// <returns>The server's id, so that it has not to be kept during the call.</returns>
    private int TrackFragments(Packet p, PipelineTables tables, ServiceRecord service)
    {
        if (p.Server != 0 && p.HasPorts && !p.IsQuoted && tables.Vips[p.Vip].Fragments(p.Protocol) is null
            && Shared.Fragments.Track(FlowId.OfDatagram(tables, p), service, p.Server, Tick))
            Counters.FragmentsEvicted++;
        return p.Server;
    }

    private static bool IsFromPeer(PipelineTables tables, ReadOnlySpan<byte> frame)
    {
        var source = System.Buffers.Binary.BinaryPrimitives.ReadUInt64LittleEndian(frame[6..]) & 0xffff_ffff_ffff;
        foreach (var peer in tables.Peers)
        {
            if (peer == source)
                return true;
        }
        return false;
    }
}
