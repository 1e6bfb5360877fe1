using System.Buffers.Binary;
using System.Net;

namespace Sidestep.Forwarding.Pipeline;

/// <summary>Remembered flows of all pipelines of an engine, and what algorithms with memory compare.</summary>
/// <remarks>
/// A flow lies in one of the eight places of its bucket; when all are taken, the one that was idle for longest makes room. There is
/// no lock: who writes a place claims it first, and of two that want the same one at once the other leaves its flow unremembered.
/// Who reads one looks at its id before and after, so that nobody gets the server of another flow.
/// </remarks>
public sealed class FlowTable
{
    internal const int Ways = 8;
    internal const uint ServerMask = 0x00ff_ffff, Fin = 1 << 24, Rst = 1 << 25, Counted = 1 << 26;
    private const ulong Claimed = 1;

    private readonly Place[] _places;
    private readonly Facts[] _facts;
    private readonly int[] _loads;
    private readonly int[] _turns;
    private readonly int _bucketMask;

    internal struct Place
    {
        /// <summary>0: empty. 1: being written.</summary>
        internal ulong Id;
        internal uint Server;
        internal uint Seen;
    }

    /// <summary>Whose flow it is, for people.</summary>
    private struct Facts
    {
        internal ulong Source0, Source1, Destination0, Destination1;
        internal uint Ports;
        internal int Protocol;
        internal bool IsIpv6;
        internal ServiceRecord? Service;
        internal uint Since;
    }

    internal FlowTable(int rememberedFlows, int services, int servers)
    {
        // Twice as many places as flows, so that few buckets are full.
        var buckets = (int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)Math.Max(2 * rememberedFlows / Ways, 1));
        _bucketMask = buckets - 1;
        _places = new Place[buckets * Ways];
        _facts = new Facts[buckets * Ways];
        _loads = new int[servers + 1];
        _turns = new int[services];
    }

    /// <summary>How many flows it is for.</summary>
    public int Capacity => _places.Length / 2;

    /// <summary>The first place of a bucket.</summary>
    internal int Bucket(ulong id) => ((int)id & _bucketMask) * Ways;

    internal Span<Place> Places(int bucket) => _places.AsSpan(bucket, Ways);

    internal static bool IsEmpty(in Place place) => Volatile.Read(in place.Id) == 0;

    internal int Load(int server) => (uint)server < (uint)_loads.Length ? Volatile.Read(ref _loads[server]) : 0;

    /// <summary>The turn of a new flow of a service: 0, 1, 2, ...</summary>
    internal uint NextTurn(int service) => (uint)Interlocked.Increment(ref _turns[service]) - 1;

    /// <summary>Takes a place for a flow.</summary>
    /// <param name="at">Where.</param>
    /// <param name="id">Of the flow.</param>
    /// <param name="service">Its service.</param>
    /// <param name="server">Its server.</param>
    /// <param name="now">Tick.</param>
    /// <param name="p">The packet.</param>
    internal void Remember(int at, ulong id, ServiceRecord service, int server, uint now, Packet p)
    {
        ref var place = ref _places[at];
        var former = Volatile.Read(ref place.Id);
        if (former == Claimed || Interlocked.CompareExchange(ref place.Id, Claimed, former) != former)
            return;
        place.Server = (uint)server | (service.ChoosesLeast ? Counted : 0);
        place.Seen = now;
        Volatile.Write(ref place.Id, id);
        _facts[at] = new Facts
        {
            Source0 = p.Source0,
            Source1 = p.Source1,
            Destination0 = p.Destination0,
            Destination1 = p.Destination1,
            Ports = p.Ports,
            Protocol = p.Protocol,
            IsIpv6 = p.IsIpv6,
            Service = service,
            Since = now,
        };
        if (service.ChoosesLeast)
            Interlocked.Increment(ref _loads[server]);
    }

    /// <summary>Remembers a flow that was remembered elsewhere, if its bucket has room.</summary>
    internal void Remember(PipelineTables tables, ServiceRecord service, int server, RememberedFlow flow, uint now)
    {
        Span<byte> source = stackalloc byte[16], destination = stackalloc byte[16];
        source.Clear();
        destination.Clear();
        flow.Flow.Source.TryWriteBytes(source, out var length);
        flow.Flow.Destination.TryWriteBytes(destination, out _);
        var p = new Packet
        {
            IsIpv6 = length == 16,
            Source0 = BinaryPrimitives.ReadUInt64LittleEndian(source),
            Source1 = BinaryPrimitives.ReadUInt64LittleEndian(source[8..]),
            Destination0 = BinaryPrimitives.ReadUInt64LittleEndian(destination),
            Destination1 = BinaryPrimitives.ReadUInt64LittleEndian(destination[8..]),
            Protocol = flow.Flow.Protocol,
            Ports = BinaryPrimitives.ReverseEndianness((uint)flow.Flow.SourcePort << 16 | flow.Flow.DestinationPort),
        };
        var id = service.Persists ? FlowId.OfClient(tables, service, p) : FlowId.OfFlow(tables, p);
        var bucket = Bucket(id);
        for (var way = 0; way < Ways; way++)
        {
            if (_places[bucket + way].Id != 0)
                continue;
            Remember(bucket + way, id, service, server, now - Ticks.Of((int)flow.Idle.TotalSeconds), p);
            return;
        }
    }

    /// <summary>Its flow does not count for its server any more.</summary>
    internal void Uncount(in Place place)
    {
        if ((place.Server & Counted) != 0)
            Interlocked.Decrement(ref _loads[place.Server & ServerMask]);
    }

    /// <summary>Remembered flows that are not idle, by id of the server.</summary>
    internal long[] CountByServer(uint now, uint flag = 0)
    {
        var counts = new long[_loads.Length];
        for (var i = 0; i < _places.Length; i++)
        {
            if (_places[i].Id > Claimed && (_places[i].Server & flag) == flag && IsAlive(i, now))
                counts[_places[i].Server & ServerMask]++;
        }
        return counts;
    }

    /// <summary>Sets what least connections compares from the flows that are not idle.</summary>
    internal void CountLoads(uint now)
    {
        var counts = CountByServer(now, Counted);
        for (var id = 0; id < counts.Length; id++)
            Volatile.Write(ref _loads[id], (int)counts[id]);
    }

    /// <summary>Forgets the flows of servers, so that their ids can be given to others.</summary>
    internal void Forget(IReadOnlyCollection<int> servers)
    {
        if (servers.Count == 0)
            return;
        var gone = servers.ToHashSet();
        foreach (ref var place in _places.AsSpan())
        {
            var id = place.Id;
            // If a packet has just taken the place for another flow, the id differs and stays.
            if (id > Claimed && gone.Contains((int)(place.Server & ServerMask)))
                Interlocked.CompareExchange(ref place.Id, 0, id);
        }
        foreach (var id in servers)
            Volatile.Write(ref _loads[id], 0);
    }

    /// <summary>Hands over every flow that is not idle, in no order.</summary>
    /// <param name="servers">By id; flows of others are left out.</param>
    /// <param name="now">Tick.</param>
    /// <param name="visit">Takes one.</param>
    internal void Visit(IReadOnlyDictionary<int, ServerKey> servers, uint now, Action<RememberedFlow> visit)
    {
        for (var i = 0; i < _places.Length; i++)
        {
            var id = Volatile.Read(ref _places[i].Id);
            if (id <= Claimed)
                continue;
            var (place, facts) = (_places[i], _facts[i]);
            if (Volatile.Read(ref _places[i].Id) != id || !IsAlive(i, now)
                || !servers.TryGetValue((int)(place.Server & ServerMask), out var server) || facts.Service is not { } service)
                continue;
            var ports = BinaryPrimitives.ReverseEndianness(facts.Ports);
            visit(new RememberedFlow(service.Entry.Name,
                new Flow(AddressOf(facts.IsIpv6, facts.Source0, facts.Source1), AddressOf(facts.IsIpv6, facts.Destination0, facts.Destination1),
                    (byte)facts.Protocol, (ushort)(ports >> 16), (ushort)ports),
                server, Since(place.Seen, now), Since(facts.Since, now)));
        }
    }

    /// <summary>Forgets everything.</summary>
    internal void Clear()
    {
        Array.Clear(_places);
        Array.Clear(_facts);
        Array.Clear(_loads);
        Array.Clear(_turns);
    }

    internal static IPAddress AddressOf(bool isIpv6, ulong first, ulong second)
    {
        Span<byte> bytes = stackalloc byte[16];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, first);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[8..], second);
        return new IPAddress(isIpv6 ? bytes : bytes[..4]);
    }

    private static TimeSpan Since(uint tick, uint now) => Ticks.Length(Ticks.Since(tick, now));

    private bool IsAlive(int at, uint now) =>
        Ticks.Since(_places[at].Seen, now) <= (_facts[at].Service?.Patience.For(_facts[at].Protocol, _places[at].Server) ?? 0);
}
