using System.Runtime.CompilerServices;

namespace Sidestep.Forwarding.Pipeline;

/// <summary>Processes frames in six stages: Parse -> Classify -> Select -> Encapsulate -> Transmit -> Account. One
/// thread at a time; several pipelines share flow and fragment tables.</summary>
/// <remarks>Allocates nothing per frame. Frames are at least 14 bytes long and have <see cref="Frame.Headroom"/> bytes
/// in front and <see cref="Frame.Tailroom"/> bytes behind.</remarks>
public sealed class PacketPipeline
{
    /// <summary>The rate limit of ICMP errors, and of resets without a server.</summary>
    internal TokenBucket Tokens;

    private ulong _random = (ulong)Random.Shared.NextInt64() | 1; // never 0

    /// <summary>Creates a pipeline with the shared state, which also sums up its counters.</summary>
    internal PacketPipeline(PipelineState state)
    {
        Shared = state;
        Counters = state.NewCounters();
    }

    /// <summary>The counters of this pipeline.</summary>
    public PipelineCounters Counters { get; }

    /// <summary>The current time in nanoseconds from any start, which expires idle flows. The caller sets it before it
    /// processes frames; once per batch is enough.</summary>
    public long Now { get; set; }

    /// <summary>The drop reason of the last frame; meaningless unless it was dropped, or rejected with a
    /// reply.</summary>
    public DropReason Reason => LastPacket.Reason;

    /// <summary>Index of the egress interface of the last frame; meaningless unless it is sent.</summary>
    public int Egress => LastPacket.Egress;


    /// <summary>State that it shares with other pipelines.</summary>
    internal PipelineState Shared { get; }

    /// <summary>The current time in the unit of flow and fragment tables.</summary>
    internal uint Tick => Ticks.At(Now);

    /// <summary>The fields that the pipeline parsed and chose for the last frame; overwritten by the next
    /// one.</summary>
    internal Packet LastPacket { get; } = new();

    /// <summary>A random number, of which all 64 bits are random (xorshift64*, Vigna 2016). Not secret.</summary>
    internal ulong NextRandom()
    {
        _random ^= _random >> 12;
        _random ^= _random << 25;
        _random ^= _random >> 27;
        return _random * 0x2545f4914f6cdd1d;
    }

    /// <summary>Decides about a frame and rewrites it into the frame to be sent.</summary>
    /// <param name="tables">The tables in force.</param>
    /// <param name="frame">The received frame. After <see cref="Decision.Forward"/> and responses: the frame to be
    /// sent; after <see cref="Decision.Punted"/>: the frame to be fragmented (<see cref="PuntTarget"/>).</param>
    /// <param name="interfaceIndex">Index of the ingress interface.</param>
    public Decision Process(PipelineTables tables, ref Frame frame, int interfaceIndex)
    {
        var p = LastPacket;
        p.Begin(frame.Length, interfaceIndex);
        var decision = Decide(p, tables, ref frame, interfaceIndex);
        Account.Decided(p, decision, Counters);
        return decision;
    }

    /// <summary>Parameters for sending the last frame in fragments.</summary>
    /// <param name="tables">The tables that it was processed with.</param>
    /// <returns>Offset of the outermost IP header in bytes, MTU of the egress interface in bytes, and its
    /// index.</returns>
    public (int L3, int Mtu, int Egress) PuntTarget(PipelineTables tables) =>
        (LastPacket.L3, tables.Server(LastPacket.Server)?.Mtu ?? 0, tables.Server(LastPacket.Server)?.Egress ?? 0);

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
        // Switches flood frames to unknown and broadcast addresses. A frame that is not addressed to this interface is
        // left to the kernel (RFC 1122 section 3.3.6): forwarding it would duplicate the packet.
        if (tables.IngressInterface(interfaceIndex) is not { } ingress || !Respond.IsAddressedTo(ingress, bytes))
            return Decision.Pass;
        // Otherwise, a packet that another director has balanced would loop between the two.
        if (tables.Peers.Length > 0 && IsFromPeer(tables, bytes))
            return Decision.DeliverLocally;
        if (p.Reason != 0)
            return Decision.Drop; // only now: a malformed packet that is not for a VIP is left to the kernel
        var service = Classify.Service(p, bytes, tables.Vips[p.Vip]);

        // Select
        int id;
        if (service is null)
        {
            if (!p.IsLaterFragment || p.IsEchoRequest)
                return WithoutService(p, ref frame, tables);
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
            return WithoutServer(p, ref frame, service);
        if (p.NeedsReset && !p.IsQuoted && !p.IsLaterFragment)
            return Reject.Reset(p, ref frame, DropReason.NoServer);
        if (server.IsLocal)
            return Decision.DeliverLocally;

        // Encapsulate
        if (p.Length > server.InnerMtu)
            return Reject.Oversized(p, ref frame, service, server, ref Tokens, Now);
        if (!Encapsulate.Frame(p, ref frame, server))
            return p.Drop(DropReason.NoHeadroom);

        return Transmit.To(p, server);
    }

    // Out of line: rare packets must not cost the others registers.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private Decision WithoutService(Packet p, ref Frame frame, PipelineTables tables)
    {
        var decision = Classify.WithoutService(p, frame.Bytes, tables.Vips[p.Vip]);
        return decision != Decision.Drop ? decision
            : Reject.WithoutService(p, ref frame, tables.OnNoService, ref Tokens, Now);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private Decision WithoutServer(Packet p, ref Frame frame, ServiceRecord service) =>
        Reject.WithoutServer(p, ref frame, service.OnNoServer, ref Tokens, Now);

    /// <summary>The service of a later fragment, which follows its first fragment; null: that one is not
    /// known.</summary>
    private ServiceRecord? FindFragmentService(Packet p, PipelineTables tables)
    {
        if (!Shared.Fragments.TryFind(FlowId.OfDatagram(tables, p), Tick, out var service, out p.Server))
            return null;
        p.Service = service!.Id;
        p.FlowLookup = FlowLookup.Fragment;
        return service;
    }

    /// <summary>Inserts the datagram of a first fragment into the fragment table, unless its later fragments do not
    /// need it.</summary>
    /// <returns>The server's ID, so that the caller need not keep it in a register during the call.</returns>
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
