namespace Sidestep.Forwarding.Pipeline;

/// <summary>Servers of fragmented datagrams: later fragments have no ports. The size is fixed: a flood of first
/// fragments evicts the oldest entries of its buckets, and is counted. All pipelines of an engine share the table
/// without a lock.</summary>
internal sealed class FragmentTable
{
    private const int Buckets = 4096, BucketEntries = 4;
    private const uint TimeoutTicks = 75; // 5 s

    private readonly Entry[] _entries = new Entry[Buckets * BucketEntries];

    private struct Entry
    {
        internal ulong Id; // 0: empty
        internal ServiceRecord? Service;
        internal int Server;
        internal uint Seen;
    }

    /// <summary>Inserts a datagram, on its first fragment.</summary>
    /// <returns>True when another datagram was evicted that may still have fragments in transit.</returns>
    internal bool Track(ulong id, ServiceRecord service, int server, uint now)
    {
        var bucket = Bucket(id);
        var index = 0;
        var longest = -1L;
        for (var i = 0; i < BucketEntries; i++)
        {
            ref readonly var entry = ref bucket[i];
            var age = entry.Id == id ? long.MaxValue : entry.Id == 0 ? long.MaxValue - 1 : Ticks.Since(entry.Seen, now);
            if (age > longest)
                (index, longest) = (i, age);
        }
        ref var chosen = ref bucket[index];
        var evicts = chosen.Id != 0 && chosen.Id != id && longest <= TimeoutTicks;
        Volatile.Write(ref chosen.Id, 0);
        chosen.Service = service;
        chosen.Server = server;
        chosen.Seen = now;
        Volatile.Write(ref chosen.Id, id);
        return evicts;
    }

    /// <summary>Finds service and server of the first fragment; false when the datagram is not in the table.</summary>
    internal bool TryFind(ulong id, uint now, out ServiceRecord? service, out int server)
    {
        foreach (ref readonly var entry in Bucket(id))
        {
            if (Volatile.Read(in entry.Id) != id || Ticks.Since(entry.Seen, now) > TimeoutTicks)
                continue;
            (service, server) = (entry.Service, entry.Server);
            if (Volatile.Read(in entry.Id) == id && service is not null)
                return true;
        }
        (service, server) = (null, 0);
        return false;
    }

    internal void Clear() => Array.Clear(_entries);

    private Span<Entry> Bucket(ulong id) => _entries.AsSpan(((int)id & Buckets - 1) * BucketEntries, BucketEntries);
}
