using System.Net;
using Sidestep.Forwarding;

namespace Sidestep.Control.Health;

/// <summary>Asks servers: through the same encapsulation as traffic, addressed to the VIP, or plainly at their own address.</summary>
/// <remarks>Safe for threads.</remarks>
public interface IProbePath
{
    /// <summary>Asks once. The answer counts only when its source is what was addressed.</summary>
    /// <param name="check">What.</param>
    /// <param name="cancellation">Ends it; it ends by itself after the monitor's timeout.</param>
    /// <returns>Does not throw for what a server, or the way to it, does.</returns>
    Task<ProbeResult> ProbeAsync(Check check, CancellationToken cancellation);

    /// <summary>The longest datagram that the way out takes to a server, its outer header taken off; null when it is not known.</summary>
    int? PathMtuOf(GroupKey group, IPAddress server);

    /// <summary>Whether a datagram of a length, never fragmented, is answered by an echo of the same length.</summary>
    /// <param name="group">Whose server.</param>
    /// <param name="server">Its own address.</param>
    /// <param name="vip">What it is addressed to.</param>
    /// <param name="datagramBytes">From the IP header on.</param>
    /// <param name="timeout">How long to wait.</param>
    /// <param name="cancellation">Ends it.</param>
    Task<bool> EchoAsync(GroupKey group, IPAddress server, IPAddress vip, int datagramBytes, TimeSpan timeout, CancellationToken cancellation);
}
