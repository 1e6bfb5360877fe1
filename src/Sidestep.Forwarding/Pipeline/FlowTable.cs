using System.Buffers.Binary;
using System.Net;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

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

    private readonly FlowMemory _memory;
    private readonly int[] _loads;
    private readonly int[] _turns;
    private readonly int _bucketMask;

    /// <summary>Every service that ever had the id; null in place of all: there were no tables yet.</summary>
    private ServiceRecord?[]? _services;

    internal struct Place
    {
        /// <summary>0: empty. 1: being written.</summary>
        internal ulong Id;
        internal uint Server;
        internal uint Seen;
    }

    /// <summary>Whose flow it is, for people.</summary>
    internal struct Facts
    {
        internal ulong Source0, Source1, Destination0, Destination1;
        internal uint Ports;
        internal uint Since;
        internal int Service;
        internal byte Protocol, IsIpv6;
    }

    /// <summary>The places that a flow may lie in.</summary>
    internal readonly ref struct Bucket
    {
        private readonly FlowTable _table;
        private readonly int _first;

        internal Bucket(FlowTable table, int first)
        {
            (_table, _first) = (table, first);
            Places = table.All.Slice(first, Ways);
        }

        internal Span<Place> Places { get; }

        /// <summary>Looked for only when a flow is written: packets of remembered flows do without.</summary>
        internal ref Facts FactsOf(int way) => ref _table.AllFacts[_first + way];
    }

    /// <param name="memory">Of the size that <see cref="FlowMemory.PlacesFor"/> says; what an earlier process left in it is remembered.</param>
    /// <param name="services">Ids of services are below.</param>
    /// <param name="servers">The largest id of a server.</param>
    internal FlowTable(FlowMemory memory, int services, int servers)
    {
        _memory = memory;
        _bucketMask = Count / Ways - 1;
        _loads = new int[servers + 1];
        _turns = new int[services];
    }

    private int Count => _memory.Places.Length / Unsafe.SizeOf<Place>();

    private Span<Place> All => MemoryMarshal.Cast<byte, Place>(_memory.Places.Span);

    private Span<Facts> AllFacts => MemoryMarshal.Cast<byte, Facts>(_memory.Facts.Span);

    /// <summary>How many flows it is for.</summary>
    public int Capacity => Count / 2;

    /// <summary>Before tables come into force: their services are known by their ids from now on.</summary>
    internal void Follow(PipelineTables tables)
    {
        var services = _services ?? new ServiceRecord?[_turns.Length];
        foreach (var service in tables.Services)
            services[service.Id] = service;
        _services = services;
    }

    /// <summary>Forgets what a process that was killed was just writing, and flows of servers that nobody knows any more.</summary>
    /// <param name="servers">Ids of those that are known.</param>
    /// <param name="outage">How long no packet could be seen: that is not idle.</param>
    internal void Adopt(IReadOnlySet<int> servers, TimeSpan outage)
    {
        var ticks = Ticks.Of((int)Math.Ceiling(outage.TotalSeconds));
        foreach (ref var place in All)
        {
            if (place.Id == Claimed || (place.Id != 0 && !servers.Contains((int)(place.Server & ServerMask))))
                place = default;
            else if (place.Id != 0)
                place.Seen += ticks;
        }
    }

    /// <summary>Of a flow.</summary>
    internal Bucket BucketOf(ulong id) => new(this, ((int)id & _bucketMask) * Ways);

    internal static bool IsEmpty(in Place place) => Volatile.Read(in place.Id) == 0;

    internal int Load(int server) => (uint)server < (uint)_loads.Length ? Volatile.Read(ref _loads[server]) : 0;

    /// <summary>The turn of a new flow of a service: 0, 1, 2, ...</summary>
    internal uint NextTurn(int service) => (uint)Interlocked.Increment(ref _turns[service]) - 1;

    /// <summary>Takes a place for a flow.</summary>
    /// <param name="bucket">Of the flow.</param>
    /// <param name="way">Which of its places.</param>
    /// <param name="id">Of the flow.</param>
    /// <param name="service">Its service.</param>
    /// <param name="server">Its server.</param>
    /// <param name="now">Tick.</param>
    /// <param name="p">The packet.</param>
    internal void Remember(in Bucket bucket, int way, ulong id, ServiceRecord service, int server, uint now, Packet p)
    {
        ref var place = ref bucket.Places[way];
        var former = Volatile.Read(ref place.Id);
        if (former == Claimed || Interlocked.CompareExchange(ref place.Id, Claimed, former) != former)
            return;
        place.Server = (uint)server | (service.ChoosesLeast ? Counted : 0);
        place.Seen = now;
        bucket.FactsOf(way) = new Facts
        {
            Source0 = p.Source0,
            Source1 = p.Source1,
            Destination0 = p.Destination0,
            Destination1 = p.Destination1,
            Ports = p.Ports,
            Since = now,
            Service = service.Id,
            Protocol = (byte)p.Protocol,
            IsIpv6 = p.IsIpv6 ? (byte)1 : (byte)0,
        };
        // Last: whoever finds the flow finds all of it, also after a process that died in between.
        Volatile.Write(ref place.Id, id);
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
        var bucket = BucketOf(id);
        for (var way = 0; way < Ways; way++)
        {
            if (bucket.Places[way].Id != 0)
                continue;
            Remember(bucket, way, id, service, server, now - Ticks.Of((int)flow.Idle.TotalSeconds), p);
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
        var places = All;
        var facts = AllFacts;
        for (var i = 0; i < places.Length; i++)
        {
            if (places[i].Id > Claimed && (places[i].Server & flag) == flag && IsAlive(places[i], facts[i], now))
                counts[places[i].Server & ServerMask]++;
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
        foreach (ref var place in All)
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
        var places = All;
        var known = AllFacts;
        for (var i = 0; i < places.Length; i++)
        {
            ref var there = ref places[i];
            var id = Volatile.Read(ref there.Id);
            if (id <= Claimed)
                continue;
            var (place, facts) = (there, known[i]);
            if (Volatile.Read(ref there.Id) != id || !IsAlive(place, facts, now)
                || !servers.TryGetValue((int)(place.Server & ServerMask), out var server) || ServiceOf(facts) is not { } service)
                continue;
            var (isIpv6, ports) = (facts.IsIpv6 != 0, BinaryPrimitives.ReverseEndianness(facts.Ports));
            visit(new RememberedFlow(service.Entry.Name,
                new Flow(AddressOf(isIpv6, facts.Source0, facts.Source1), AddressOf(isIpv6, facts.Destination0, facts.Destination1),
                    facts.Protocol, (ushort)(ports >> 16), (ushort)ports),
                server, Since(place.Seen, now), Since(facts.Since, now)));
        }
    }

    /// <summary>Forgets everything.</summary>
    internal void Clear()
    {
        All.Clear();
        AllFacts.Clear();
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

    private ServiceRecord? ServiceOf(in Facts facts) =>
        _services is { } services && (uint)facts.Service < (uint)services.Length ? services[facts.Service] : null;

    /// <summary>Before there are tables nobody knows how long a flow may be idle: all that an earlier process remembered counts.</summary>
    private bool IsAlive(in Place place, in Facts facts, uint now) =>
        _services is null || Ticks.Since(place.Seen, now) <= (ServiceOf(facts)?.Patience.For(facts.Protocol, place.Server) ?? 0);
}
