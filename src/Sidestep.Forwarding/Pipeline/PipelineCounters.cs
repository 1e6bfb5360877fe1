using System.Runtime.CompilerServices;

namespace Sidestep.Forwarding.Pipeline;

/// <summary>Counters of one pipeline. One thread writes them; others may read at any time.</summary>
public sealed class PipelineCounters
{
    private readonly MutableCounter[] _decisions = new MutableCounter[EnumSize.Of<Decision>()];
    private readonly MutableCounter[] _drops = new MutableCounter[EnumSize.Of<DropReason>()];
    private readonly MutableCounter[] _services;
    private readonly MutableCounter[] _servers;

    private struct MutableCounter
    {
        internal ulong Packets, Bytes;

        internal void Add(int bytes)
        {
            Packets++;
            Bytes += (uint)bytes;
        }

        internal readonly Counter ToCounter() => new(Packets, Bytes);
    }

    internal PipelineCounters(int services, int servers)
    {
        _services = new MutableCounter[services];
        _servers = new MutableCounter[servers + 1];
    }

    /// <summary>Flows that were evicted from a full bucket before they were idle.</summary>
    public long FlowsEvicted { get; internal set; }

    /// <summary>Fragmented datagrams that were evicted before they timed out.</summary>
    public long FragmentsEvicted { get; internal set; }

    internal Counter Of(Decision decision) => _decisions[(int)decision].ToCounter();

    internal Counter Of(DropReason reason) => _drops[(int)reason].ToCounter();

    internal Counter OfService(int id) => _services[id].ToCounter();

    internal Counter OfServer(int id) => _servers[id].ToCounter();

    internal void Count(Decision decision, int bytes) => _decisions[(int)decision].Add(bytes);

    internal void Count(DropReason reason, int bytes) => _drops[(int)reason].Add(bytes);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal void CountForwarded(int service, int server, int bytes)
    {
        _services[service].Add(bytes);
        _servers[server].Add(bytes);
    }

    internal void ClearService(int id) => _services[id] = default;

    internal void ClearServer(int id) => _servers[id] = default;
}
