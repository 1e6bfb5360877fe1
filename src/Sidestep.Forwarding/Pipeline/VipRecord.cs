using System.Runtime.CompilerServices;

namespace Sidestep.Forwarding.Pipeline;

/// <summary>A VIP or VIP prefix, as the pipeline uses it.</summary>
/// <param name="Entry">Its entry in the tables.</param>
/// <param name="Intervals">Services by protocol and port: disjoint and ascending intervals.</param>
/// <param name="Protocols">What it has for each protocol with ports, by <see cref="PortMap.IndexOf"/>.</param>
/// <param name="Echo">The service whose servers receive echo requests; null: none.</param>
internal sealed record VipRecord(
    VipEntry Entry, PortRecord[] Intervals, VipProtocol[] Protocols, ServiceRecord? Echo)
{
    /// <summary>The service that matches a protocol and port; null: none.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal ServiceRecord? Service(int protocol, int port)
    {
        var key = PortMap.Key(protocol, port);
        var intervals = Intervals;
        int low = 0, high = intervals.Length - 1;
        while (low <= high)
        {
            var middle = (low + high) >>> 1;
            ref readonly var interval = ref intervals[middle];
            if (interval.Last < key)
                low = middle + 1;
            else if (interval.First > key)
                high = middle - 1;
            else
                return interval.Service;
        }
        return null;
    }

    /// <summary>The service that later fragments follow without the fragment table; null: they need the
    /// table.</summary>
    /// <param name="protocol">A protocol with ports.</param>
    internal ServiceRecord? Fragments(int protocol) => Protocols[PortMap.IndexOf(protocol)].Fragments;

    /// <summary>True if at least one service matches the protocol.</summary>
    /// <param name="protocol">A protocol with ports.</param>
    internal bool HasProtocol(int protocol) => Protocols[PortMap.IndexOf(protocol)].HasService;
}

/// <summary>What a VIP has for a protocol with ports.</summary>
/// <param name="HasService">At least one of its services matches the protocol.</param>
/// <param name="Fragments">The service that later fragments follow without the fragment table; null: they need the
/// table.</param>
internal readonly record struct VipProtocol(bool HasService, ServiceRecord? Fragments);

/// <summary>An interval of ports, see <see cref="PortMap"/>.</summary>
internal readonly record struct PortRecord(int First, int Last, ServiceRecord Service);
