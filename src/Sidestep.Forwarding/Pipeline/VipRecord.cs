using System.Runtime.CompilerServices;

namespace Sidestep.Forwarding.Pipeline;

/// <summary>A VIP or VIP prefix, as the pipeline uses it.</summary>
/// <param name="Entry">Its entry in the tables.</param>
/// <param name="Intervals">Services by protocol and port: disjoint and ascending intervals.</param>
/// <param name="TcpFragments">The service that later fragments of TCP follow without the fragment table; null: they
/// need the table.</param>
/// <param name="UdpFragments">The same for UDP.</param>
/// <param name="Echo">The service whose servers receive echo requests; null: none.</param>
/// <param name="HasTcp">At least one of its services matches TCP.</param>
/// <param name="HasUdp">At least one of its services matches UDP.</param>
internal sealed record VipRecord(
    VipEntry Entry, PortRecord[] Intervals, ServiceRecord? TcpFragments, ServiceRecord? UdpFragments,
    ServiceRecord? Echo, bool HasTcp, bool HasUdp)
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
    internal ServiceRecord? Fragments(int protocol) => protocol == Parse.Udp ? UdpFragments : TcpFragments;

    /// <summary>True if at least one service matches the protocol, which must be TCP or UDP.</summary>
    internal bool HasProtocol(int protocol) => protocol == Parse.Udp ? HasUdp : HasTcp;
}

/// <summary>An interval of ports, see <see cref="PortMap"/>.</summary>
internal readonly record struct PortRecord(int First, int Last, ServiceRecord Service);
