using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using Sidestep.Api;
using Sidestep.Control.Agents;
using Sidestep.Control.AddressConflicts;
using Sidestep.Forwarding;
using Sidestep.Model;
using Sidestep.Native;
using Sidestep.Native.Netlink;
using Sidestep.Packets;

namespace Sidestep.Daemon.AddressConflicts;

/// <summary>Watches who else answers for this director's VIPs on the networks that it is attached to.</summary>
/// <remarks>Every VIP is asked for about once a second, with no more than <see cref="MaxRequestsPerSecond"/> in all; with more VIPs
/// the rounds get longer. What others say unasked is heard, too.</remarks>
internal sealed class VipConflictMonitor : IDisposable
{
    internal const int MaxRequestsPerSecond = 500;

    private const int RoundsUntilExpired = 4;
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan ShortestRound = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new();
    private readonly VipConflicts _conflicts = new();
    private readonly ConflictFrames _frames = new();
    private readonly NetlinkSocket _netlink = NetlinkSocket.Open();
    private readonly DrainOverlay _drains;
    private readonly Action<ImmutableArray<string>> _alarms;
    private readonly CancellationTokenSource _stop = new();
    private readonly Thread _thread;
    private WatchState _watch = WatchState.Empty;
    private string? _problem;

    /// <param name="drains">Gets servers that answer for VIPs, where that is wanted.</param>
    /// <param name="alarms">Gets all that is wrong now, after every change.</param>
    /// <exception cref="NativeException">CAP_NET_RAW is missing.</exception>
    internal VipConflictMonitor(DrainOverlay drains, Action<ImmutableArray<string>> alarms)
    {
        _drains = drains;
        _alarms = alarms;
        _thread = new Thread(Run) { IsBackground = true, Name = "sentinel" };
        _thread.Start();
    }

    /// <summary>What is claimed now.</summary>
    internal ImmutableArray<VipConflict> Conflicts
    {
        get
        {
            lock (_gate)
                return _conflicts.Current;
        }
    }

    /// <summary>These tables are in force.</summary>
    /// <param name="configuration">What they were made from.</param>
    /// <param name="tables">The tables.</param>
    /// <param name="nextHops">Whose Ethernet address is whose.</param>
    internal void Update(EffectiveConfiguration configuration, ForwardingTables tables, Forwarding.NextHops nextHops)
    {
        var names = configuration.Desired.Director.Interfaces.Select(static i => i.Name).ToHashSet();
        var vips = tables.Vips.Where(static v => v.Address.PrefixLength == v.Address.BaseAddress.GetAddressBytes().Length * 8)
            .ToDictionary(static v => v.Address.BaseAddress, static v => v.RespondsToArp);
        var links = nextHops.Interfaces.Where(i => names.Contains(i.Name)).ToImmutableArray();
        var hosts = new Dictionary<MacAddress, ConflictingHost>();
        foreach (var (address, mac) in nextHops.Peers)
            hosts[mac] = new ConflictingHost(VipConflicts.Director, address.ToString());
        foreach (var server in configuration.Pools.SelectMany(static p => p.Servers))
        {
            if (nextHops.Servers.TryGetValue(server.Address, out var nextHop) && nextHop is { ViaRouter: false, IsLocal: false })
                hosts.TryAdd(nextHop.Neighbour, new ConflictingHost(VipConflicts.Server, server.Name));
        }
        lock (_gate)
        {
            _watch = new WatchState(vips, links, LinkLocal(links), hosts, configuration.Desired.Director.ConflictDetection);
        }
    }

    /// <summary>Asks for these VIPs now, whatever the round; answers take a few milliseconds.</summary>
    internal void CheckNow(IEnumerable<IPAddress> vips)
    {
        lock (_gate)
        {
            foreach (var vip in vips.Where(_watch.Vips.ContainsKey).Take(MaxRequestsPerSecond))
                SendRequests(vip);
        }
    }

    public void Dispose()
    {
        _stop.Cancel();
        _thread.Join();
        _frames.Dispose();
        _netlink.Dispose();
        _stop.Dispose();
    }

    private void Run()
    {
        var last = TimeProvider.System.GetTimestamp();
        double due = 0;
        IPAddress[] round = [];
        var next = 0;
        while (!_stop.IsCancellationRequested)
        {
            lock (_gate)
            {
                if (next >= round.Length && TimeProvider.System.GetElapsedTime(last) >= RoundOf(round.Length))
                    (round, next, last, due) = ([.. _watch.Vips.Keys], 0, TimeProvider.System.GetTimestamp(), 0);
                // Spread over the round.
                due = Math.Min(round.Length, due + Math.Max(1, Math.Ceiling(round.Length * (Tick / RoundOf(round.Length)))));
                while (next < due)
                    SendRequests(round[next++]);
                _frames.Receive(HandleAddressUse);
                Expire(RoundOf(round.Length));
            }
            _stop.Token.WaitHandle.WaitOne(Tick);
        }
    }

    private TimeSpan RoundOf(int vips)
    {
        var seconds = (double)vips * Math.Max(1, _watch.Links.Length) / MaxRequestsPerSecond;
        return seconds > ShortestRound.TotalSeconds ? TimeSpan.FromSeconds(seconds) : ShortestRound;
    }

    private void SendRequests(IPAddress vip)
    {
        foreach (var link in _watch.Links)
            _frames.SendRequest(link, vip, _watch.LinkLocal.GetValueOrDefault(link.Index) ?? link.Address6);
    }

    private void HandleAddressUse(int interfaceIndex, IPAddress address, MacAddress mac)
    {
        if (!_watch.Vips.TryGetValue(address, out var isAnswered) || _watch.Links.FirstOrDefault(l => l.Index == interfaceIndex) is not { } link
            || _watch.Links.Any(l => l.Mac == mac))
            return;
        var host = _watch.Hosts.GetValueOrDefault(mac, ConflictingHost.Unknown);
        // A VIP that this director does not answer for is another's, but never a server's.
        if (!isAnswered && host.Kind != VipConflicts.Server)
            return;
        var now = DateTimeOffset.UtcNow;
        if (_conflicts.Record(address, mac, link.Name, host, now) is { } conflict)
        {
            Log.Warning(VipConflicts.Describe(conflict));
            PublishAlarms();
        }
        if (_watch.Settings.Drain && host is { Kind: VipConflicts.Server, Name: { } server })
            _drains.Set(server, DrainSource.VipConflict, drains: true);
        if (isAnswered && _watch.Settings.Defend && _conflicts.MayAnnounce(address, now))
            _frames.Announce(link, address, _watch.LinkLocal.GetValueOrDefault(link.Index) ?? link.Address6);
    }

    private void Expire(TimeSpan round)
    {
        var expired = _conflicts.Expire(DateTimeOffset.UtcNow, round * RoundsUntilExpired);
        if (expired.Count == 0)
            return;
        foreach (var conflict in expired)
            Log.Info($"{conflict.Host ?? conflict.Mac} no longer answers for the VIP {conflict.Vip}");
        PublishAlarms();
        var conflictingNames = _conflicts.Current.Select(static c => c.Host).ToHashSet();
        foreach (var (server, source) in _drains.Drains.Where(d => d.Source == DrainSource.VipConflict && !conflictingNames.Contains(d.Server)))
            _drains.Set(server, source, drains: false);
    }

    private void PublishAlarms() => _alarms([.. _conflicts.Current.Select(VipConflicts.Describe)]);

    private Dictionary<int, IPAddress> LinkLocal(ImmutableArray<EgressInterface> links)
    {
        try
        {
            return InterfaceAddresses.List(_netlink, AddressFamily.InterNetworkV6).Where(static a => a.Address.IsIPv6LinkLocal && a.IsUsable)
                .GroupBy(static a => a.InterfaceIndex).Where(g => links.Any(l => l.Index == g.Key)).ToDictionary(static g => g.Key, static g => g.First().Address);
        }
        catch (NativeException e)
        {
            if (_problem != e.Message)
                Log.Warning($"sentinel: {e.Message}");
            _problem = e.Message;
            return [];
        }
    }

    /// <summary>What it watches.</summary>
    /// <param name="Vips">All VIPs that are single addresses, and whether this director answers for them.</param>
    /// <param name="Links">The director's interfaces.</param>
    /// <param name="LinkLocal">Their link-local addresses, by index.</param>
    /// <param name="Hosts">Whose Ethernet address is whose.</param>
    /// <param name="Settings">What to do about it.</param>
    private sealed record WatchState(IReadOnlyDictionary<IPAddress, bool> Vips, ImmutableArray<EgressInterface> Links,
        IReadOnlyDictionary<int, IPAddress> LinkLocal, IReadOnlyDictionary<MacAddress, ConflictingHost> Hosts, ConflictDetectionSettings Settings)
    {
        internal static WatchState Empty { get; } = new(ImmutableDictionary<IPAddress, bool>.Empty, [], ImmutableDictionary<int, IPAddress>.Empty,
            ImmutableDictionary<MacAddress, ConflictingHost>.Empty, new ConflictDetectionSettings());
    }
}
