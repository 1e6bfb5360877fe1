using Sidestep.Daemon.Frames;
using Sidestep.Forwarding;
using Sidestep.Hosting.Supervision;
using Sidestep.Model;
using Sidestep.Native;
using Sidestep.Native.Netlink;
using NextHopTable = Sidestep.Forwarding.NextHops;

namespace Sidestep.Daemon.NextHops;

/// <summary>Next hops from the kernel's routes and neighbours, kept up to date by the kernel's events.</summary>
/// <remarks>
/// The kernel learns another Ethernet address of a neighbour only from a frame of the neighbour. So the resolver
/// sends requests to every next hop all the time (<see cref="NeighbourProber"/>), and the kernel's event reports the
/// change.
/// </remarks>
internal sealed class NetlinkNextHopResolver : INextHopResolver, IDisposable
{
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(100);

    /// <summary>A flood of events must not hold up the requests.</summary>
    private const int MaxReceivesPerTick = 10_000;
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(10);

    private readonly Lock _gate = new();
    private readonly NetlinkNetwork _network = new();
    private readonly NetlinkSocket _events = NetlinkSocket.Open(Routes.EventMulticastGroups);
    private readonly FrameChannel _frames;
    private readonly NextHopTracker _tracker;
    private readonly Action<string> _log;
    private readonly SupervisedThread _thread;

    /// <summary>Opens the sockets and starts the thread.</summary>
    /// <param name="log">Receives what the kernel refuses, and addresses that several hosts have.</param>
    /// <param name="supervisor">Runs the thread.</param>
    /// <exception cref="EngineException">CAP_NET_RAW is missing.</exception>
    internal NetlinkNextHopResolver(Action<string> log, Supervisor supervisor)
    {
        _log = log;
        try
        {
            _frames = FrameChannel.OfNeighbours();
        }
        catch (NativeException e)
        {
            throw new EngineException(
                $"not allowed to send ARP requests: CAP_NET_RAW missing ({e.Message}). Run as root, or give "
                + "the service this capability (systemd: AmbientCapabilities)", e);
        }
        _tracker = new NextHopTracker(_network, new NeighbourProber(_network, _frames, log, TimeProvider.System),
            TimeProvider.System);
        _thread = new SupervisedThread(supervisor, "next hops", Run);
    }

    public event Action? Changed;

    public NextHopTable Current
    {
        get
        {
            lock (_gate)
                return _tracker.Current;
        }
    }

    public void Watch(IReadOnlyCollection<string> interfaces, IReadOnlyCollection<VrfAddress> servers)
    {
        lock (_gate)
            Watch(_tracker.Targets with { Interfaces = interfaces, Servers = servers });
    }

    public void WatchPeers(IReadOnlyCollection<VrfAddress> peers)
    {
        lock (_gate)
        {
            if (!peers.ToHashSet().SetEquals(_tracker.Targets.Peers))
                Watch(_tracker.Targets with { Peers = peers });
        }
    }

    /// <summary>Waits until every watched server is resolved, or the timeout is over, or the wait is
    /// cancelled.</summary>
    internal void WaitUntilResolved(TimeSpan timeout, CancellationToken cancellation)
    {
        var start = TimeProvider.System.GetTimestamp();
        while (Current.Unresolved.Count > 0 && TimeProvider.System.GetElapsedTime(start) < timeout
            && !cancellation.WaitHandle.WaitOne(PollInterval))
        {
        }
    }

    public void Dispose()
    {
        _thread.Dispose();
        _frames.Dispose();
        _network.Dispose();
        _events.Dispose();
    }

    private void Watch(ResolverTargets targets)
    {
        try
        {
            _tracker.Watch(targets);
        }
        catch (NativeException e)
        {
            // What is known stays, and the next tick tries again.
            _log($"next hops: {e.Message}");
        }
    }

    private void Run(CancellationToken stop)
    {
        string? lastFailure = null;
        while (!stop.IsCancellationRequested)
        {
            try
            {
                if (ProcessEvents())
                    Changed?.Invoke();
                lock (_gate)
                    _tracker.Probe();
                lastFailure = null;
            }
            catch (NativeException e)
            {
                // What is known stays, and the next tick tries again. The same failure is logged once, not ten times a
                // second.
                if (e.Message != lastFailure)
                    _log($"next hops: {e.Message}");
                lastFailure = e.Message;
                stop.WaitHandle.WaitOne(Tick);
            }
        }
    }

    /// <summary>Receives the kernel's events of one tick.</summary>
    /// <returns>True when a next hop changed.</returns>
    private bool ProcessEvents()
    {
        var events = NetworkEvents.Receive(_events.Receive, Tick, MaxReceivesPerTick);
        lock (_gate)
            return _tracker.Update(events.Any, events.RoutesChanged);
    }
}
