using Sidestep.Native.Netlink;

namespace Sidestep.Daemon.NextHops;

/// <summary>What a tick's events of the kernel say about routes and neighbours.</summary>
/// <param name="Any">True when an event arrived.</param>
/// <param name="RoutesChanged">True when the routes, addresses or interfaces may have changed and must be read
/// again.</param>
internal readonly record struct NetworkEvents(bool Any, bool RoutesChanged)
{
    /// <summary>Receives events until none is waiting.</summary>
    /// <param name="receive">Receives the next events (<see cref="NetlinkSocket.Receive"/>).</param>
    /// <param name="wait">How long to wait for the first events.</param>
    /// <param name="limit">How often to receive at most, so that a flood of events does not hold up other work. What
    /// is left waits for the next call.</param>
    internal static NetworkEvents Receive(
        Func<TimeSpan, IReadOnlyList<NetlinkMessage>?> receive, TimeSpan wait, int limit)
    {
        var (any, routesChanged) = (false, false);
        for (var i = 0; i < limit && receive(any ? TimeSpan.Zero : wait) is { } messages; i++)
        {
            any = true;
            // An empty list means that events were lost.
            routesChanged |= messages is [] || messages.Any(static m => !Neighbours.IsEvent(m));
        }
        return new NetworkEvents(any, routesChanged);
    }
}
