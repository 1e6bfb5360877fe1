using System.Runtime.CompilerServices;

namespace Sidestep.Forwarding.Pipeline;

/// <summary>A VIP or VIP prefix as packets see it.</summary>
/// <param name="Entry">What the tables say.</param>
/// <param name="Intervals">Who takes which packets: disjoint and ascending.</param>
/// <param name="TcpFragments">Whom later fragments of TCP follow without memory; null: by memory.</param>
/// <param name="UdpFragments">The same for UDP.</param>
/// <param name="Echo">Whose servers get echo requests; null: nobody's.</param>
/// <param name="HasTcp">Some service takes TCP.</param>
/// <param name="HasUdp">Some service takes UDP.</param>
internal sealed record VipRecord(
    VipEntry Entry, PortRecord[] Intervals, ServiceRecord? TcpFragments, ServiceRecord? UdpFragments, ServiceRecord? Echo, bool HasTcp, bool HasUdp)
{
    /// <summary>Who takes packets of a protocol to a port; null: nobody.</summary>
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

    /// <summary>Whom later fragments follow without memory.</summary>
    internal ServiceRecord? Fragments(int protocol) => protocol == Parse.Udp ? UdpFragments : TcpFragments;

    /// <summary>Whether some service takes the protocol, which has ports.</summary>
    internal bool HasProtocol(int protocol) => protocol == Parse.Udp ? HasUdp : HasTcp;
}

/// <summary>An interval of ports, see <see cref="PortMap"/>.</summary>
internal readonly record struct PortRecord(int First, int Last, ServiceRecord Service);
