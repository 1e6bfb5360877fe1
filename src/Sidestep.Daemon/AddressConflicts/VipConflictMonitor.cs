using System.Collections.Immutable;
using System.Net;
using Sidestep.Api;
using Sidestep.Control.Agents;
using Sidestep.Daemon.Frames;
using Sidestep.Daemon.NextHops;
using Sidestep.Forwarding;
using Sidestep.Hosting.Supervision;
using Sidestep.Model;
using Sidestep.Native;

namespace Sidestep.Daemon.AddressConflicts;

/// <summary>Runs a <see cref="VipConflictDetector"/> on a thread of its own, with the sockets that it needs.</summary>
internal sealed class VipConflictMonitor : IVipConflictSource, IDisposable
{
    private readonly NetlinkNetwork _network = new();
    private readonly FrameChannel _frames;
    private readonly ILogger _log;
    private readonly VipConflictDetector _detector;
    private readonly SupervisedThread _thread;
    private string? _loggedProblem;

    /// <summary>Opens the sockets and starts the thread.</summary>
    /// <param name="drains">Receives real servers that answer for VIPs, if the configuration says so.</param>
    /// <param name="alarms">Receives one sentence per conflict, after every change.</param>
    /// <param name="supervisor">Runs the thread.</param>
    /// <param name="log">Receives conflicts as they begin and end.</param>
    /// <exception cref="NativeException">CAP_NET_RAW is missing.</exception>
    internal VipConflictMonitor(DrainOverlay drains, Action<ImmutableArray<string>> alarms, Supervisor supervisor,
        ILogger log)
    {
        _log = log;
        try
        {
            _frames = FrameChannel.OfNeighbours();
        }
        catch
        {
            _network.Dispose();
            throw;
        }
        _detector = new VipConflictDetector(_frames, LinkLocalAddresses, drains, alarms, log, TimeProvider.System);
        _thread = new SupervisedThread(supervisor, "VIP conflict detection", Run);
    }

    public ImmutableArray<VipConflict> Conflicts => _detector.Conflicts;

    public void CheckNow(IEnumerable<VrfAddress> vips) => _detector.CheckNow(vips);

    /// <inheritdoc cref="VipConflictDetector.Update"/>
    internal void Update(EffectiveConfiguration configuration, ForwardingTables tables, Forwarding.NextHops nextHops) =>
        _detector.Update(configuration, tables, nextHops);

    public void Dispose()
    {
        _thread.Dispose();
        _frames.Dispose();
        _network.Dispose();
    }

    private void Run(CancellationToken stop)
    {
        do
            _detector.Tick();
        while (!stop.WaitHandle.WaitOne(VipConflictDetector.TickInterval));
    }

    private ILookup<int, IPAddress> LinkLocalAddresses()
    {
        try
        {
            return _network.Addresses().Where(static a => a.Address.IsIPv6LinkLocal && a.IsUsable)
                .ToLookup(static a => a.InterfaceIndex, static a => a.Address);
        }
        catch (NativeException e)
        {
            if (_loggedProblem != e.Message)
                _log.ConflictDetectionProblem(e.Message);
            _loggedProblem = e.Message;
            return Array.Empty<IPAddress>().ToLookup(static _ => 0);
        }
    }
}
