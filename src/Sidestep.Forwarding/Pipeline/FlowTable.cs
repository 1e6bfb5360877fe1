using System.Buffers.Binary;
using System.Net;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Sidestep.Packets;

namespace Sidestep.Forwarding.Pipeline;

/// <summary>The flow table that all pipelines of an engine share, and the state of stateful algorithms: connection
/// counts and round-robin cursors.</summary>
/// <remarks>
/// A flow lies in one of the eight entries of its bucket. When all are in use, the flow that has been idle for longest
/// is evicted. There is no lock: a writer first locks the entry with a compare-and-swap of its ID. If two writers
/// choose the same entry, the second one leaves its flow untracked. A reader compares the ID before and after reading
/// the server, and so never gets the server of another flow. </remarks>
public sealed class FlowTable
{
    internal const int BucketEntries = 8;
    internal const uint ServerMask = 0x00ff_ffff, Fin = 1 << 24, Rst = 1 << 25, Counted = 1 << 26;
    private const ulong BeingWritten = 1;

    private readonly FlowTableMemory _memory;
    private readonly int[] _connectionCounts;
    private readonly int[] _roundRobinCursors;
    private readonly int _bucketMask;

    /// <summary>The last service that had each ID; null until the first tables are registered.</summary>
    private ServiceRecord?[]? _services;

    internal struct Entry
    {
        /// <summary>ID of the flow; 0: empty, 1: being written.</summary>
        internal ulong Id;
        internal uint Server;
        internal uint Seen;
    }

    /// <summary>The tuple of a flow, for output.</summary>
    internal struct FlowMetadata
    {
        internal ulong Source0, Source1, Destination0, Destination1;
        internal uint Ports;
        internal uint Since;
        internal int Service;
        internal byte Protocol, IsIpv6;
    }

    /// <summary>The entries that a flow may lie in.</summary>
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

        /// <summary>Metadata of an entry. Only writers use it: packets of tracked flows do not touch its cache
        /// line.</summary>
        internal ref FlowMetadata MetadataOf(int index) => ref _table.AllMetadata[_first + index];
    }

    /// <param name="memory">Memory of the size given by <see cref="FlowTableMemory.EntryCountFor"/>. Flows that an
    /// earlier process left in it stay tracked.</param>
    /// <param name="services">End of the range of service IDs, exclusive.</param>
    /// <param name="servers">The largest server ID.</param>
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

    /// <summary>Number of flows that the table is sized for: half its entries.</summary>
    public int Capacity => Count / 2;

    /// <summary>Registers the services of tables by their IDs; called before the tables come into force.</summary>
    internal void RegisterServices(PipelineTables tables)
    {
        var services = _services ?? new ServiceRecord?[_roundRobinCursors.Length];
        foreach (var service in tables.Services)
            services[service.Id] = service;
        _services = services;
    }

    /// <summary>Adopts the flows of an earlier process: removes entries that it was writing when it was killed, and
    /// flows of unknown servers.</summary>
    /// <param name="servers">IDs of the known servers.</param>
    /// <param name="outage">How long no process forwarded: this time does not count as idle.</param>
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

    /// <summary>The bucket that holds a flow, if it is tracked; its 64-bit ID, a hash, selects the bucket.</summary>
    internal Bucket BucketOf(ulong id) => new(this, ((int)id & _bucketMask) * BucketEntries);

    internal static bool IsEmpty(in Entry entry) => Volatile.Read(in entry.Id) == 0;

    internal int ConnectionCount(int server) =>
        (uint)server < (uint)_connectionCounts.Length ? Volatile.Read(ref _connectionCounts[server]) : 0;

    /// <summary>The round-robin position of a new flow of a service: 0, 1, 2, ...</summary>
    internal uint NextRoundRobin(int service) => (uint)Interlocked.Increment(ref _roundRobinCursors[service]) - 1;

    /// <summary>What a packet says of the end of its connection: <see cref="Fin"/>, <see cref="Rst"/>. The end of a
    /// connection does not end the tracking of its client.</summary>
    internal static uint EndFlags(ServiceRecord service, Packet p) => service.HasPersistence ? 0
        : ((p.TcpFlags & TcpControlBits.Fin) != 0 ? Fin : 0) | ((p.TcpFlags & TcpControlBits.Rst) != 0 ? Rst : 0);

    /// <summary>Writes a flow into an entry, unless another thread writes the entry at the same time.</summary>
    /// <param name="bucket">Bucket of the flow.</param>
    /// <param name="index">Index of the entry in the bucket.</param>
    /// <param name="id">ID of the flow.</param>
    /// <param name="service">Its service.</param>
    /// <param name="server">ID of its server.</param>
    /// <param name="now">Current tick.</param>
    /// <param name="p">The packet.</param>
    internal void Track(in Bucket bucket, int index, ulong id, ServiceRecord service, int server, uint now, Packet p)
    {
        ref var entry = ref bucket.Entries[index];
        var previous = Volatile.Read(ref entry.Id);
        if (previous == BeingWritten || Interlocked.CompareExchange(ref entry.Id, BeingWritten, previous) != previous)
            return;
        entry.Server = (uint)server | (service.IsLeastConnections ? Counted : 0) | EndFlags(service, p);
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
        // The ID is written last: a reader that finds it finds the whole entry, even if the process died in between.
        Volatile.Write(ref entry.Id, id);
        if (service.IsLeastConnections)
            Interlocked.Increment(ref _connectionCounts[server]);
    }

    /// <summary>Inserts a flow that another engine tracks, if its bucket has an empty entry.</summary>
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

    /// <summary>Removes the entry's flow from the connection count of its server.</summary>
    internal void Uncount(in Entry entry)
    {
        if ((entry.Server & Counted) != 0)
            Interlocked.Decrement(ref _connectionCounts[entry.Server & ServerMask]);
    }

    /// <summary>Number of live flows, by server ID.</summary>
    /// <param name="now">Current tick.</param>
    /// <param name="flag">Counts only entries with all these flags; 0: all entries.</param>
    internal long[] CountByServer(uint now, uint flag = 0)
    {
        var counts = new long[_connectionCounts.Length];
        var entries = AllEntries;
        var metadata = AllMetadata;
        for (var i = 0; i < entries.Length; i++)
        {
            if (entries[i].Id > BeingWritten && (entries[i].Server & flag) == flag
                && IsAlive(entries[i], metadata[i], now))
                counts[entries[i].Server & ServerMask]++;
        }
        return counts;
    }

    /// <summary>Recomputes the connection counts from the live flows.</summary>
    internal void CountConnections(uint now)
    {
        var counts = CountByServer(now, Counted);
        for (var id = 0; id < counts.Length; id++)
            Volatile.Write(ref _connectionCounts[id], (int)counts[id]);
    }

    /// <summary>Removes the flows of servers, so that their IDs can be reused.</summary>
    internal void RemoveServers(IReadOnlyCollection<int> servers)
    {
        if (servers.Count == 0)
            return;
        var removed = servers.ToHashSet();
        foreach (ref var entry in AllEntries)
        {
            var id = entry.Id;
            // If a packet has just written another flow into the entry, the ID differs and stays.
            if (id > BeingWritten && removed.Contains((int)(entry.Server & ServerMask)))
                Interlocked.CompareExchange(ref entry.Id, 0, id);
        }
        foreach (var id in servers)
            Volatile.Write(ref _connectionCounts[id], 0);
    }

    /// <summary>Visits every live flow, in no particular order.</summary>
    /// <param name="servers">Servers by ID; flows of other servers are skipped.</param>
    /// <param name="now">Current tick.</param>
    /// <param name="visit">Receives each flow.</param>
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
                || !servers.TryGetValue((int)(entry.Server & ServerMask), out var server)
                || ServiceOf(metadata) is not { } service)
                continue;
            visit(new TrackedFlow(
                service.Entry.Key, FlowOf(metadata), server, Since(entry.Seen, now), Since(metadata.Since, now)));
        }
    }

    private static Flow FlowOf(in FlowMetadata metadata)
    {
        var (isIpv6, ports) = (metadata.IsIpv6 != 0, BinaryPrimitives.ReverseEndianness(metadata.Ports));
        return new Flow(
            AddressOf(isIpv6, metadata.Source0, metadata.Source1),
            AddressOf(isIpv6, metadata.Destination0, metadata.Destination1),
            metadata.Protocol, (ushort)(ports >> 16), (ushort)ports);
    }

    /// <summary>Removes all flows and resets counts and cursors.</summary>
    internal void Clear()
    {
        AllEntries.Clear();
        AllMetadata.Clear();
        Array.Clear(_connectionCounts);
        Array.Clear(_roundRobinCursors);
    }

    /// <summary>An address from words as read little-endian from the wire.</summary>
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

    /// <summary>True while the flow is not idle. Idle timeouts are unknown before the first tables: until then, every
    /// flow of an earlier process counts.</summary>
    private bool IsAlive(in Entry entry, in FlowMetadata metadata, uint now)
    {
        if (_services is null)
            return true;
        var timeout = ServiceOf(metadata)?.IdleTimeouts.For(metadata.Protocol, entry.Server) ?? 0;
        return Ticks.Since(entry.Seen, now) <= timeout;
    }
}
