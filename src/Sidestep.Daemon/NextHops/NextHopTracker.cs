using Sidestep.Model;
using Sidestep.Native;
using NextHopTable = Sidestep.Forwarding.NextHops;

namespace Sidestep.Daemon.NextHops;

/// <summary>Computes next hops from the kernel's routes and neighbours, and notices when they change. Not safe for
/// threads.</summary>
/// <param name="network">The machine's network.</param>
/// <param name="prober">Sends requests to the next hops.</param>
/// <param name="time">The clock.</param>
internal sealed class NextHopTracker(IHostNetwork network, NeighbourProber prober, TimeProvider time)
{
    private readonly LostNextHops _lost = new(time);
    private RouteTable? _routes;
    private NeighbourTable _neighbours = NeighbourTable.Empty;

    /// <summary>The servers and other directors that are looked for.</summary>
    internal ResolverTargets Targets { get; private set; } = new([], [], []);

    /// <summary>The next hops that are resolved now or were a moment ago, and why others are not.</summary>
    internal NextHopTable Current { get; private set; } =
        new([], new Dictionary<VrfAddress, Forwarding.NextHop>(), new Dictionary<VrfAddress, string>());

    /// <summary>Looks for other targets from now on, and sends requests to their next hops at once.</summary>
    /// <exception cref="NativeException">The kernel refused; what is known stays, and <see cref="Update"/> tries
    /// again.</exception>
    internal void Watch(ResolverTargets targets)
    {
        Targets = targets;
        _routes = null;
        Refresh();
        prober.ProbeAll(_routes!.Neighbours, _neighbours.StaticEntries);
    }

    /// <summary>Applies the kernel's events, and drops next hops whose retention time is over.</summary>
    /// <param name="anyEvent">There was an event.</param>
    /// <param name="routesChanged">Routes, links or addresses may have changed, and not only neighbours.</param>
    /// <returns>True when <see cref="Current"/> changed.</returns>
    /// <exception cref="NativeException">The kernel refused; what is known stays.</exception>
    internal bool Update(bool anyEvent, bool routesChanged)
    {
        if (!anyEvent && _routes is not null && !_lost.AnyIsOver)
            return false;
        if (routesChanged)
            _routes = null;
        return Refresh();
    }

    /// <summary>Learns from replies, and sends requests when they are due.</summary>
    /// <exception cref="NativeException">The kernel refused.</exception>
    internal void Probe()
    {
        if (_routes is not null)
            prober.Tick(_routes.Neighbours, _neighbours);
    }

    private bool Refresh()
    {
        _routes ??= RouteTable.Find(network, Targets);
        _neighbours = NeighbourTable.Of(network.Neighbours());
        var next = _lost.AddTo(_routes.Resolve(_neighbours.Macs, Current), Current);
        var same = next.Interfaces.SequenceEqual(Current.Interfaces)
            && next.LocalAddresses.SequenceEqual(Current.LocalAddresses) && Same(next.Servers, Current.Servers)
            && Same(next.Unresolved, Current.Unresolved)
            && Same(next.Peers, Current.Peers) && Same(next.UnresolvedPeers, Current.UnresolvedPeers);
        Current = next;
        return !same;
    }

    private static bool Same<T>(IReadOnlyDictionary<VrfAddress, T> a, IReadOnlyDictionary<VrfAddress, T> b) where T
        : notnull =>
        a.Count == b.Count && a.All(e => b.TryGetValue(e.Key, out var other) && e.Value.Equals(other));
}
