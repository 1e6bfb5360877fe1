using System.Runtime.CompilerServices;

namespace Sidestep.Forwarding.Pipeline;

/// <summary>What one pipeline has counted; others may read while it counts.</summary>
public sealed class PipelineCounters
{
    private const int Kinds = 16;

    private readonly Counter[] _decisions = new Counter[Kinds];
    private readonly Counter[] _drops = new Counter[Kinds];
    private readonly Counter[] _services;
    private readonly Counter[] _servers;

    private struct Counter
    {
        internal ulong Packets, Bytes;

        internal void Add(int bytes)
        {
            Packets++;
            Bytes += (uint)bytes;
        }

        internal readonly Tally ToTally() => new(Packets, Bytes);
    }

    internal PipelineCounters(int services, int servers)
    {
        _services = new Counter[services];
        _servers = new Counter[servers + 1];
    }

    /// <summary>Flows that had to make room in a full bucket although they were not idle.</summary>
    public long FlowsForgotten { get; internal set; }

    /// <summary>Fragmented datagrams that had to make room.</summary>
    public long FragmentsForgotten { get; internal set; }

    internal Tally Of(Decision decision) => _decisions[(int)decision].ToTally();

    internal Tally Of(DropReason reason) => _drops[(int)reason].ToTally();

    internal Tally OfService(int id) => _services[id].ToTally();

    internal Tally OfServer(int id) => _servers[id].ToTally();

    internal void Count(Decision decision, int bytes) => _decisions[(int)decision].Add(bytes);

    internal void Count(DropReason reason, int bytes) => _drops[(int)reason].Add(bytes);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal void CountServed(int service, int server, int bytes)
    {
        _services[service].Add(bytes);
        _servers[server].Add(bytes);
    }

    internal void ClearService(int id) => _services[id] = default;

    internal void ClearServer(int id) => _servers[id] = default;
}
