namespace Sidestep.Forwarding.Pipeline;

/// <summary>Where fragmented datagrams go: later fragments have no ports. Of fixed size; a flood of first fragments pushes out the
/// oldest of its bucket, and is counted. Shared by all pipelines of an engine, without a lock.</summary>
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

    /// <summary>Remembers a first fragment.</summary>
    /// <returns>True: another datagram, which may still have fragments under way, had to make room.</returns>
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

    /// <summary>Where the first fragment went.</summary>
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
