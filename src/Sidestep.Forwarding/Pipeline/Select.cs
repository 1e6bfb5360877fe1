using System.Runtime.CompilerServices;

namespace Sidestep.Forwarding.Pipeline;

/// <summary>Select: flow hash -> slot -> real server; through the remembered flows where the slot says so (docs/flow-hash.md,
/// sections 4 and 6).</summary>
internal static class Select
{
    /// <summary>The id of the packet's server; 0: there is none.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static int Server(Packet p, PipelineTables tables, ServiceRecord service, PacketPipeline pipeline)
    {
        var hash = FlowId.Hash(tables, service.HashFields, p);
        var slots = service.Slots;
        if (slots.Length == 0)
            return 0;
        var slot = FlowHash.Slot(hash, slots.Length);
        p.Hash = hash;
        p.Slot = slot;
        var word = slots[slot];
        return (word & ServiceRecord.Tracked) == 0 ? (int)word
            : Remembered(p, tables, service, pipeline, (int)(word & ServiceRecord.ServerMask));
    }

    private static int Remembered(Packet p, PipelineTables tables, ServiceRecord service, PacketPipeline pipeline, int current)
    {
        const byte Fin = 1, Syn = 2, Rst = 4, Ack = 16;
        var (flows, now) = (pipeline.Shared.Flows, pipeline.Tick);
        var former = service.Former is { } formers ? (int)formers[p.Slot] : 0;
        var begins = (p.TcpFlags & (Syn | Ack)) == Syn;
        var id = service.Persists ? FlowId.OfClient(tables, service, p) : FlowId.OfFlow(tables, p);
        var bucket = flows.BucketOf(id);
        var places = bucket.Places;
        var way = Find(places, id);
        p.Remembered = Memory.Unknown;
        if (way >= 0 && Ticks.Since(places[way].Seen, now) <= service.Patience.For(p.Protocol, places[way].Server))
        {
            ref var place = ref places[way];
            var word = Volatile.Read(ref place.Server);
            if (Volatile.Read(ref place.Id) != id)
                word = 0; // another flow has just taken the place
            var known = tables.Server((int)(word & FlowTable.ServerMask));
            // A SYN of a remembered flow begins a new one, unless memory alone knows where the first one went.
            var beginsAnew = begins && (!service.Remembers || (word & (FlowTable.Fin | FlowTable.Rst)) != 0 || known is not { Takes: true, Moved: false });
            if (!beginsAnew && known is { Moved: false })
            {
                p.Remembered = Memory.Known;
                if (known.Resets && p.Protocol == Parse.Tcp && !service.Persists)
                {
                    p.Traits |= Traits.NeedsReset;
                    return known.Id;
                }
                if (!p.IsQuoted)
                    Touch(ref place, now, service.Persists ? 0 : ((p.TcpFlags & Fin) != 0 ? FlowTable.Fin : 0) | ((p.TcpFlags & Rst) != 0 ? FlowTable.Rst : 0));
                return known.Id;
            }
            begins = beginsAnew;
        }
        var server = Decide(p, tables, service, flows, begins, current, former, out var remembers);
        if (server == former && server != current && p.Protocol == Parse.Tcp && tables.Server(server) is { Resets: true })
        {
            p.Traits |= Traits.NeedsReset;
            return server;
        }
        // What is remembered already is kept true, so that a flow whose server is gone stays with its new one.
        if (server != 0 && !p.IsQuoted && (remembers || way >= 0))
        {
            if (way >= 0)
                flows.Uncount(places[way]);
            else
                way = MakeRoom(p, service, flows, places, pipeline.Counters, now);
            flows.Remember(bucket, way, id, service, server, now, p);
            p.Remembered = Memory.Begun;
        }
        return server;
    }

    private static int Find(Span<FlowTable.Place> places, ulong id)
    {
        for (var i = 0; i < places.Length; i++)
        {
            if (places[i].Id == id)
                return i;
        }
        return -1;
    }

    private static void Touch(ref FlowTable.Place place, uint now, uint flags)
    {
        if (place.Seen != now)
            place.Seen = now;
        if (flags != 0)
            Interlocked.Or(ref place.Server, flags);
    }

    /// <summary>The server of a packet of no remembered flow, and whether it has to be remembered. A SYN begins a flow, which goes
    /// where flows go now; anything else may be of a flow that began before the change.</summary>
    private static int Decide(
        Packet p, PipelineTables tables, ServiceRecord service, FlowTable flows, bool begins, int current, int former, out bool remembers)
    {
        if (service.Remembers)
        {
            remembers = true;
            return service.ChoosesLeast ? Least(tables, service, flows)
                : service.ChoosesInTurn ? (int)(service.Slots[flows.NextTurn(service.Id) % (uint)service.Slots.Length] & ServiceRecord.ServerMask)
                : current;
        }
        var moves = p.Protocol == Parse.Udp && service.UdpMoves;
        remembers = former != 0 && !moves;
        return remembers && !begins && tables.Server(former) is { Moved: false } ? former : current;
    }

    /// <summary>The server with the fewest flows for its weight; of equals the first.</summary>
    private static int Least(PipelineTables tables, ServiceRecord service, FlowTable flows)
    {
        ServerRecord? best = null;
        long load = 0;
        foreach (var word in service.Slots)
        {
            if (tables.Server((int)(word & ServiceRecord.ServerMask)) is not { Weight: > 0 } server)
                continue;
            long its = flows.Load(server.Id);
            if (best is null || its * best.Weight < load * server.Weight)
                (best, load) = (server, its);
        }
        return best?.Id ?? 0;
    }

    /// <summary>The way that a new flow takes: an empty one, or the one that was idle for longest.</summary>
    private static int MakeRoom(
        Packet p, ServiceRecord service, FlowTable flows, Span<FlowTable.Place> places, PipelineCounters counters, uint now)
    {
        var way = 0;
        uint longest = 0;
        for (var i = 0; i < places.Length; i++)
        {
            var idle = FlowTable.IsEmpty(places[i]) ? uint.MaxValue : Ticks.Since(places[i].Seen, now);
            if (idle > longest)
                (way, longest) = (i, idle);
        }
        if (!FlowTable.IsEmpty(places[way]))
        {
            if (longest <= service.Patience.For(p.Protocol, places[way].Server))
                counters.FlowsForgotten++;
            flows.Uncount(places[way]);
        }
        return way;
    }
}
