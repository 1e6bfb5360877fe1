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
    internal const int BucketEntries = 8;
    internal const uint ServerMask = 0x00ff_ffff, Fin = 1 << 24, Rst = 1 << 25, Counted = 1 << 26;
    private const ulong BeingWritten = 1;

    private readonly FlowTableMemory _memory;
    private readonly int[] _connectionCounts;
    private readonly int[] _roundRobinCursors;
    private readonly int _bucketMask;

    /// <summary>Every service that ever had the id; null in place of all: there were no tables yet.</summary>
    private ServiceRecord?[]? _services;

    internal struct Entry
    {
        /// <summary>0: empty. 1: being written.</summary>
        internal ulong Id;
        internal uint Server;
        internal uint Seen;
    }

    /// <summary>Whose flow it is, for people.</summary>
    internal struct FlowMetadata
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
            Entries = table.AllEntries.Slice(first, BucketEntries);
        }

        internal Span<Entry> Entries { get; }

        /// <summary>Looked for only when a flow is written: packets of remembered flows do without.</summary>
        internal ref FlowMetadata MetadataOf(int index) => ref _table.AllMetadata[_first + index];
    }

    /// <param name="memory">Of the size that <see cref="FlowTableMemory.EntryCountFor"/> says; what an earlier process left in it is remembered.</param>
    /// <param name="services">Ids of services are below.</param>
    /// <param name="servers">The largest id of a server.</param>
    internal FlowTable(FlowTableMemory memory, int services, int servers)
    {
        _memory = memory;
        _bucketMask = Count / BucketEntries - 1;
        _connectionCounts = new int[servers + 1];
        _roundRobinCursors = new int[services];
    }

    private int Count => _memory.Entries.Length / Unsafe.SizeOf<Entry>();

    private Span<Entry> AllEntries => MemoryMarshal.Cast<byte, Entry>(_memory.Entries.Span);

    private Span<FlowMetadata> AllMetadata => MemoryMarshal.Cast<byte, FlowMetadata>(_memory.Metadata.Span);

    /// <summary>How many flows it is for.</summary>
    public int Capacity => Count / 2;

    /// <summary>Before tables come into force: their services are known by their ids from now on.</summary>
    internal void RegisterServices(PipelineTables tables)
    {
        var services = _services ?? new ServiceRecord?[_roundRobinCursors.Length];
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
        foreach (ref var entry in AllEntries)
        {
            if (entry.Id == BeingWritten || (entry.Id != 0 && !servers.Contains((int)(entry.Server & ServerMask))))
                entry = default;
            else if (entry.Id != 0)
                entry.Seen += ticks;
        }
    }

    /// <summary>Of a flow.</summary>
    internal Bucket BucketOf(ulong id) => new(this, ((int)id & _bucketMask) * BucketEntries);

    internal static bool IsEmpty(in Entry entry) => Volatile.Read(in entry.Id) == 0;

    internal int ConnectionCount(int server) => (uint)server < (uint)_connectionCounts.Length ? Volatile.Read(ref _connectionCounts[server]) : 0;

    /// <summary>The turn of a new flow of a service: 0, 1, 2, ...</summary>
    internal uint NextRoundRobin(int service) => (uint)Interlocked.Increment(ref _roundRobinCursors[service]) - 1;

    /// <summary>Takes a place for a flow.</summary>
    /// <param name="bucket">Of the flow.</param>
    /// <param name="index">Which of its places.</param>
    /// <param name="id">Of the flow.</param>
    /// <param name="service">Its service.</param>
    /// <param name="server">Its server.</param>
    /// <param name="now">Tick.</param>
    /// <param name="p">The packet.</param>
    internal void Track(in Bucket bucket, int index, ulong id, ServiceRecord service, int server, uint now, Packet p)
    {
        ref var entry = ref bucket.Entries[index];
        var previous = Volatile.Read(ref entry.Id);
        if (previous == BeingWritten || Interlocked.CompareExchange(ref entry.Id, BeingWritten, previous) != previous)
            return;
        entry.Server = (uint)server | (service.IsLeastConnections ? Counted : 0);
        entry.Seen = now;
        bucket.MetadataOf(index) = new FlowMetadata
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
        Volatile.Write(ref entry.Id, id);
        if (service.IsLeastConnections)
            Interlocked.Increment(ref _connectionCounts[server]);
    }

    /// <summary>Remembers a flow that was remembered elsewhere, if its bucket has room.</summary>
    internal void Track(PipelineTables tables, ServiceRecord service, int server, TrackedFlow flow, uint now)
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
        var id = service.HasPersistence ? FlowId.OfClient(tables, service, p) : FlowId.OfFlow(tables, p);
        var bucket = BucketOf(id);
        for (var index = 0; index < BucketEntries; index++)
        {
            if (bucket.Entries[index].Id != 0)
                continue;
            Track(bucket, index, id, service, server, now - Ticks.Of((int)flow.Idle.TotalSeconds), p);
            return;
        }
    }

    /// <summary>Its flow does not count for its server any more.</summary>
    internal void Uncount(in Entry entry)
    {
        if ((entry.Server & Counted) != 0)
            Interlocked.Decrement(ref _connectionCounts[entry.Server & ServerMask]);
    }

    /// <summary>Remembered flows that are not idle, by id of the server.</summary>
    internal long[] CountByServer(uint now, uint flag = 0)
    {
        var counts = new long[_connectionCounts.Length];
        var entries = AllEntries;
        var metadata = AllMetadata;
        for (var i = 0; i < entries.Length; i++)
        {
            if (entries[i].Id > BeingWritten && (entries[i].Server & flag) == flag && IsAlive(entries[i], metadata[i], now))
                counts[entries[i].Server & ServerMask]++;
        }
        return counts;
    }

    /// <summary>Sets what least connections compares from the flows that are not idle.</summary>
    internal void CountConnections(uint now)
    {
        var counts = CountByServer(now, Counted);
        for (var id = 0; id < counts.Length; id++)
            Volatile.Write(ref _connectionCounts[id], (int)counts[id]);
    }

    /// <summary>Forgets the flows of servers, so that their ids can be given to others.</summary>
    internal void RemoveServers(IReadOnlyCollection<int> servers)
    {
        if (servers.Count == 0)
            return;
        var removed = servers.ToHashSet();
        foreach (ref var entry in AllEntries)
        {
            var id = entry.Id;
            // If a packet has just taken the place for another flow, the id differs and stays.
            if (id > BeingWritten && removed.Contains((int)(entry.Server & ServerMask)))
                Interlocked.CompareExchange(ref entry.Id, 0, id);
        }
        foreach (var id in servers)
            Volatile.Write(ref _connectionCounts[id], 0);
    }

    /// <summary>Hands over every flow that is not idle, in no order.</summary>
    /// <param name="servers">By id; flows of others are left out.</param>
    /// <param name="now">Tick.</param>
    /// <param name="visit">Takes one.</param>
    internal void Visit(IReadOnlyDictionary<int, ServerKey> servers, uint now, Action<TrackedFlow> visit)
    {
        var entries = AllEntries;
        var allMetadata = AllMetadata;
        for (var i = 0; i < entries.Length; i++)
        {
            ref var current = ref entries[i];
            var id = Volatile.Read(ref current.Id);
            if (id <= BeingWritten)
                continue;
            var (entry, metadata) = (current, allMetadata[i]);
            if (Volatile.Read(ref current.Id) != id || !IsAlive(entry, metadata, now)
                || !servers.TryGetValue((int)(entry.Server & ServerMask), out var server) || ServiceOf(metadata) is not { } service)
                continue;
            var (isIpv6, ports) = (metadata.IsIpv6 != 0, BinaryPrimitives.ReverseEndianness(metadata.Ports));
            visit(new TrackedFlow(service.Entry.Name,
                new Flow(AddressOf(isIpv6, metadata.Source0, metadata.Source1), AddressOf(isIpv6, metadata.Destination0, metadata.Destination1),
                    metadata.Protocol, (ushort)(ports >> 16), (ushort)ports),
                server, Since(entry.Seen, now), Since(metadata.Since, now)));
        }
    }

    /// <summary>Forgets everything.</summary>
    internal void Clear()
    {
        AllEntries.Clear();
        AllMetadata.Clear();
        Array.Clear(_connectionCounts);
        Array.Clear(_roundRobinCursors);
    }

    internal static IPAddress AddressOf(bool isIpv6, ulong first, ulong second)
    {
        Span<byte> bytes = stackalloc byte[16];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, first);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[8..], second);
        return new IPAddress(isIpv6 ? bytes : bytes[..4]);
    }

    private static TimeSpan Since(uint tick, uint now) => Ticks.Length(Ticks.Since(tick, now));

    private ServiceRecord? ServiceOf(in FlowMetadata metadata) =>
        _services is { } services && (uint)metadata.Service < (uint)services.Length ? services[metadata.Service] : null;

    /// <summary>Before there are tables nobody knows how long a flow may be idle: all that an earlier process remembered counts.</summary>
    private bool IsAlive(in Entry entry, in FlowMetadata metadata, uint now) =>
        _services is null || Ticks.Since(entry.Seen, now) <= (ServiceOf(metadata)?.IdleTimeouts.For(metadata.Protocol, entry.Server) ?? 0);
}
