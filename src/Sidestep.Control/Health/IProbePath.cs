using System.Net;
using Sidestep.Forwarding;
using Sidestep.Model;

namespace Sidestep.Control.Health;

/// <summary>Sends probes to servers: to the VIP in the encapsulation of traffic, or to the server's own address without
/// it.</summary>
/// <remarks>Safe for threads.</remarks>
public interface IProbePath
{
    /// <summary>Sends one probe. A reply counts only when its source is the destination of the probe.</summary>
    /// <param name="check">The check; its monitor has the timeout.</param>
    /// <param name="cancellation">Ends it before the timeout.</param>
    /// <returns>The result. Faults of the server or of the path to it are results, not exceptions.</returns>
    Task<ProbeResult> ProbeAsync(Check check, CancellationToken cancellation);

    /// <summary>Length in bytes of the longest inner datagram that the MTU of the route permits; null when the next hop
    /// is not known.</summary>
    int? PathMtuOf(GroupKey group, VrfAddress server);

    /// <summary>Bytes that the encapsulation adds to a datagram to the server; 0 when the server is not
    /// known.</summary>
    int OuterBytesOf(GroupKey group, VrfAddress server);

    /// <summary>True if the server answers an echo request of this length, which is not fragmented, with a reply of the
    /// same length. The path MTU of the tables does not limit it.</summary>
    /// <param name="group">The group of the server.</param>
    /// <param name="server">Its own address.</param>
    /// <param name="vip">Destination of the echo request.</param>
    /// <param name="datagramBytes">Length including the IP header.</param>
    /// <param name="timeout">How long to wait for the reply.</param>
    /// <param name="cancellation">Ends the wait.</param>
    Task<bool> EchoAsync(
        GroupKey group, VrfAddress server, IPAddress vip, int datagramBytes, TimeSpan timeout,
        CancellationToken cancellation);
}
