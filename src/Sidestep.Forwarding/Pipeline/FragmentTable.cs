namespace Sidestep.Forwarding.Pipeline;

/// <summary>Where fragmented datagrams go: later fragments have no ports. Of fixed size; a flood of first fragments pushes out the
/// oldest of its bucket, and is counted. Shared by all pipelines of an engine, without a lock.</summary>
internal sealed class FragmentTable
{
    private const int Buckets = 4096, Ways = 4;
    private const uint Patience = 75; // 5 s

    private readonly Entry[] _entries = new Entry[Buckets * Ways];

    private struct Entry
    {
        internal ulong Id; // 0: empty
        internal ServiceRecord? Service;
        internal int Server;
        internal uint Seen;
    }

    /// <summary>Remembers a first fragment.</summary>
    /// <returns>True: another datagram, which may still have fragments under way, had to make room.</returns>
    internal bool Remember(ulong id, ServiceRecord service, int server, uint now)
    {
        var bucket = Bucket(id);
        var place = 0;
        var longest = -1L;
        for (var i = 0; i < Ways; i++)
        {
            ref readonly var entry = ref bucket[i];
            var age = entry.Id == id ? long.MaxValue : entry.Id == 0 ? long.MaxValue - 1 : Ticks.Since(entry.Seen, now);
            if (age > longest)
                (place, longest) = (i, age);
        }
        ref var taken = ref bucket[place];
        var forgets = taken.Id != 0 && taken.Id != id && longest <= Patience;
        Volatile.Write(ref taken.Id, 0);
        taken.Service = service;
        taken.Server = server;
        taken.Seen = now;
        Volatile.Write(ref taken.Id, id);
        return forgets;
    }

    /// <summary>Where the first fragment went.</summary>
    internal bool TryRecall(ulong id, uint now, out ServiceRecord? service, out int server)
    {
        foreach (ref readonly var entry in Bucket(id))
        {
            if (Volatile.Read(in entry.Id) != id || Ticks.Since(entry.Seen, now) > Patience)
                continue;
            (service, server) = (entry.Service, entry.Server);
            if (Volatile.Read(in entry.Id) == id && service is not null)
                return true;
        }
        (service, server) = (null, 0);
        return false;
    }

    internal void Clear() => Array.Clear(_entries);

    private Span<Entry> Bucket(ulong id) => _entries.AsSpan(((int)id & Buckets - 1) * Ways, Ways);
}
