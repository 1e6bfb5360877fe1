using System.Net;
using Sidestep.Forwarding;
using Sidestep.Native;
using Sidestep.Native.Netlink;
using Sidestep.Packets;
using NextHopTable = Sidestep.Forwarding.NextHops;

namespace Sidestep.Daemon.NextHops;

/// <summary>Next hops by the kernel's routes and neighbours, followed by its events.</summary>
/// <remarks>
/// The kernel learns that a neighbour got another Ethernet address only when it hears from it. So every next hop is asked
/// all the time (<see cref="NeighbourProber"/>), and the kernel's event brings the answer here.
/// </remarks>
internal sealed class NetlinkNextHopResolver : INextHopResolver, IDisposable
{
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(100);

    /// <summary>Datagrams of the kernel that are taken in at once: a storm must not put off the questions.</summary>
    private const int MaxEventsPerTick = 10_000;
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(10);

    private readonly Lock _gate = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly NetlinkSocket _requests = NetlinkSocket.Open();
    private readonly NetlinkSocket _events = NetlinkSocket.Open(Routes.EventMulticastGroups);
    private readonly NeighbourProber _prober;
    private readonly Action<string> _log;
    private readonly Thread _thread;
    private ResolverTargets _targets = new([], [], []);
    private RouteTable? _routes;
    private Dictionary<(int, IPAddress), MacAddress> _neighbours = [];

    /// <summary>Entries that somebody made.</summary>
    private HashSet<(int, IPAddress)> _staticEntries = [];

    private NextHopTable _current = new([], new Dictionary<IPAddress, NextHop>(), new Dictionary<IPAddress, string>());

    internal NetlinkNextHopResolver(Action<string> log)
    {
        _log = log;
        _prober = new NeighbourProber(_requests, log);
        _thread = new Thread(Run) { IsBackground = true, Name = "next hops" };
        _thread.Start();
    }

    public event Action? Changed;

    public NextHopTable Current
    {
        get
        {
            lock (_gate)
                return _current;
        }
    }

    public void Watch(IReadOnlyCollection<string> interfaces, IReadOnlyCollection<IPAddress> servers) =>
        Watch(w => w with { Interfaces = interfaces, Servers = servers });

    public void WatchPeers(IReadOnlyCollection<IPAddress> peers)
    {
        lock (_gate)
        {
            if (peers.ToHashSet().SetEquals(_targets.Peers))
                return;
        }
        Watch(w => w with { Peers = peers });
    }

    /// <summary>Waits until every watched server is resolved, the time is over, or nobody wants to know any more.</summary>
    internal void WaitUntilResolved(TimeSpan timeout, CancellationToken cancellation)
    {
        var start = TimeProvider.System.GetTimestamp();
        while (Current.Unresolved.Count > 0 && TimeProvider.System.GetElapsedTime(start) < timeout && !cancellation.WaitHandle.WaitOne(PollInterval))
        {
        }
    }

    public void Dispose()
    {
        _stop.Cancel();
        _thread.Join();
        _prober.Dispose();
        _requests.Dispose();
        _events.Dispose();
        _stop.Dispose();
    }

    private void Watch(Func<ResolverTargets, ResolverTargets> change)
    {
        lock (_gate)
        {
            _targets = change(_targets);
            _routes = null;
            try
            {
                Refresh();
                _prober.ProbeAll(_routes!.Neighbours, _staticEntries);
            }
            catch (NativeException e)
            {
                // What is known stays, and the next tick tries again.
                _log($"next hops: {e.Message}");
            }
        }
    }

    private void Run()
    {
        string? lastFailure = null;
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                if (ProcessEvents())
                    Changed?.Invoke();
                ProbeNeighbours();
                lastFailure = null;
            }
            catch (NativeException e)
            {
                // What is known stays; asked again at the next tick. Said once, not ten times a second.
                if (e.Message != lastFailure)
                    _log($"next hops: {e.Message}");
                lastFailure = e.Message;
                _stop.Token.WaitHandle.WaitOne(Tick);
            }
        }
    }

    /// <summary>What the kernel says within a tick; true when something changed.</summary>
    private bool ProcessEvents()
    {
        var messages = _events.Receive(Tick);
        var any = messages is not null;
        var routesChanged = false;
        for (var i = 0; messages is not null && i < MaxEventsPerTick; i++, messages = _events.Receive(TimeSpan.Zero))
        {
            // Anything but a neighbour, or lost events (none), may have moved routes, links or addresses.
            routesChanged |= messages is [] || messages.Any(static m => !Neighbours.IsEvent(m));
        }
        lock (_gate)
        {
            if (!any && _routes is not null)
                return false;
            if (routesChanged)
                _routes = null;
            return Refresh();
        }
    }

    private void ProbeNeighbours()
    {
        lock (_gate)
        {
            if (_routes is not null)
                _prober.Tick(_routes.Neighbours, _neighbours, _staticEntries);
        }
    }

    private bool Refresh()
    {
        _routes ??= RouteTable.Find(_requests, _targets);
        var all = Neighbours.List(_requests);
        _staticEntries = [.. all.Where(static n => n.IsStatic).Select(static n => (n.InterfaceIndex, n.Address))];
        _neighbours = all.Where(static n => n.IsValid && n.Mac.Length == MacAddress.Length)
            .GroupBy(static n => (n.InterfaceIndex, n.Address)).ToDictionary(static g => g.Key, static g => MacAddress.Read(g.First().Mac.Span));
        var next = _routes.Resolve(_neighbours, _current);
        var same = next.Interfaces.SequenceEqual(_current.Interfaces) && Same(next.Servers, _current.Servers)
            && Same(next.Unresolved, _current.Unresolved)
            && Same(next.Peers, _current.Peers) && Same(next.UnresolvedPeers, _current.UnresolvedPeers);
        _current = next;
        return !same;
    }

    private static bool Same<T>(IReadOnlyDictionary<IPAddress, T> a, IReadOnlyDictionary<IPAddress, T> b) where T : notnull =>
        a.Count == b.Count && a.All(e => b.TryGetValue(e.Key, out var other) && e.Value.Equals(other));
}
