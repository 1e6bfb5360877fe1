using System.Runtime.CompilerServices;
using Sidestep.Forwarding.Lowering;
using Sidestep.Packets;

namespace Sidestep.Forwarding.Pipeline;

/// <summary>Stage Select: flow hash -> slot -> real server; through the flow table where the slot requires it
/// (docs/flow-hash.md, sections 4 and 6).</summary>
internal static class Select
{
    /// <summary>ID of the server for a packet; 0: there is none.</summary>
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
        return (word & SlotWords.Tracked) == 0 ? (int)word
            : TrackedServer(p, tables, service, pipeline, (int)(word & SlotWords.ServerMask));
    }

    private static int TrackedServer(
        Packet p, PipelineTables tables, ServiceRecord service, PacketPipeline pipeline, int current)
    {
        if (service.HasNoFlow(p))
        {
            p.Slot = FlowHash.Slot(pipeline.NextRandom(), service.Slots.Length);
            return (int)(service.Slots[p.Slot] & SlotWords.ServerMask);
        }
        var (flows, now) = (pipeline.Shared.Flows, pipeline.Tick);
        var previous = service.PreviousServers is { } previousServers ? (int)previousServers[p.Slot] : 0;
        var isNewFlow = (p.TcpFlags & (TcpControlBits.Syn | TcpControlBits.Ack)) == TcpControlBits.Syn;
        var id = service.HasPersistence ? FlowId.OfClient(tables, service, p) : FlowId.OfFlow(tables, p);
        var bucket = flows.BucketOf(id);
        var entries = bucket.Entries;
        var index = Find(entries, id);
        p.FlowLookup = FlowLookup.Miss;
        if (index >= 0
            && Ticks.Since(entries[index].Seen, now) <= service.IdleTimeouts.For(p.Protocol, entries[index].Server))
        {
            ref var entry = ref entries[index];
            var word = Volatile.Read(ref entry.Server);
            if (Volatile.Read(ref entry.Id) != id)
                word = 0; // another flow has just been written into the entry
            var tracked = tables.Server((int)(word & FlowTable.ServerMask));
            // A SYN of a tracked flow starts a new flow, unless only the flow table knows the server of the first SYN.
            var restarts = isNewFlow && (!service.TracksFlows || (word & (FlowTable.Fin | FlowTable.Rst)) != 0
                || tracked is not { AcceptsNew: true, FlowsMove: false });
            if (!restarts && tracked is { FlowsMove: false })
            {
                p.FlowLookup = FlowLookup.Hit;
                if (tracked.SendsReset && p.Protocol == Parse.Tcp && !service.HasPersistence)
                {
                    p.Flags |= PacketFlags.NeedsReset;
                    return tracked.Id;
                }
                if (!p.IsQuoted)
                    Touch(ref entry, now, FlowTable.EndFlags(service, p));
                return tracked.Id;
            }
            isNewFlow = restarts;
        }
        var server = Decide(p, tables, service, flows, isNewFlow, current, previous, out var tracks);
        if (server == previous && server != current && p.Protocol == Parse.Tcp
            && tables.Server(server) is { SendsReset: true })
        {
            p.Flags |= PacketFlags.NeedsReset;
            return server;
        }
        // An existing entry is updated in any case, so that a flow whose server is gone stays with its new one.
        if (server != 0 && !p.IsQuoted && (tracks || index >= 0))
        {
            if (index >= 0)
                flows.Uncount(entries[index]);
            else
                index = FreeEntry(p, service, flows, entries, pipeline.Counters, now);
            flows.Track(bucket, index, id, service, server, now, p);
            p.FlowLookup = FlowLookup.Inserted;
        }
        return server;
    }

    private static int Find(Span<FlowTable.Entry> entries, ulong id)
    {
        for (var i = 0; i < entries.Length; i++)
        {
            if (entries[i].Id == id)
                return i;
        }
        return -1;
    }

    private static void Touch(ref FlowTable.Entry entry, uint now, uint flags)
    {
        if (entry.Seen != now)
            entry.Seen = now;
        if (flags != 0)
            Interlocked.Or(ref entry.Server, flags);
    }

    /// <summary>The server of a packet of no tracked flow, and whether the flow must be tracked. A SYN starts a flow,
    /// which goes to the slot's current server; any other packet may belong to a flow from before the change.</summary>
    private static int Decide(
        Packet p, PipelineTables tables, ServiceRecord service, FlowTable flows, bool isNewFlow, int current,
        int previous, out bool tracks)
    {
        if (service.TracksFlows)
        {
            tracks = true;
            return service.IsLeastConnections ? LeastConnections(tables, service, flows)
                : service.IsRoundRobin
                    ? (int)(service.Slots[flows.NextRoundRobin(service.Id) % (uint)service.Slots.Length]
                        & SlotWords.ServerMask)
                : current;
        }
        var moves = p.Protocol == Parse.Udp && service.UdpMoves;
        tracks = previous != 0 && !moves;
        return tracks && !isNewFlow && tables.Server(previous) is { FlowsMove: false } ? previous : current;
    }


    /// <summary>The server with the fewest flows per weight; of equals the first.</summary>
    private static int LeastConnections(PipelineTables tables, ServiceRecord service, FlowTable flows)
    {
        ServerRecord? best = null;
        long bestCount = 0;
        foreach (var word in service.Slots)
        {
            if (tables.Server((int)(word & SlotWords.ServerMask)) is not { Weight: > 0 } server)
                continue;
            long count = flows.ConnectionCount(server.Id);
            if (best is null || count * best.Weight < bestCount * server.Weight)
                (best, bestCount) = (server, count);
        }
        return best?.Id ?? 0;
    }

    /// <summary>The entry for a new flow: an empty one, or the one that has been idle for longest.</summary>
    private static int FreeEntry(
        Packet p, ServiceRecord service, FlowTable flows, Span<FlowTable.Entry> entries, PipelineCounters counters,
        uint now)
    {
        var index = 0;
        uint longest = 0;
        for (var i = 0; i < entries.Length; i++)
        {
            var idle = FlowTable.IsEmpty(entries[i]) ? uint.MaxValue : Ticks.Since(entries[i].Seen, now);
            if (idle > longest)
                (index, longest) = (i, idle);
        }
        if (!FlowTable.IsEmpty(entries[index]))
        {
            if (longest <= service.IdleTimeouts.For(p.Protocol, entries[index].Server))
                counters.FlowsEvicted++;
            flows.Uncount(entries[index]);
        }
        return index;
    }
}
