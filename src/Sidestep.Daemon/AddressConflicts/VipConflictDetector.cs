using System.Collections.Immutable;
using System.Net;
using Sidestep.Api;
using Sidestep.Control.AddressConflicts;
using Sidestep.Control.Agents;
using Sidestep.Daemon.Frames;
using Sidestep.Forwarding;
using Sidestep.Model;
using Sidestep.Packets;

namespace Sidestep.Daemon.AddressConflicts;

/// <summary>Detects hosts that answer for this director's VIPs, raises alarms, and defends the VIPs or drains the host
/// as configured. Safe for threads.</summary>
/// <param name="frames">Receives ARP and neighbour advertisements; sends requests and announcements.</param>
/// <param name="linkLocalAddresses">Reads the usable link-local IPv6 addresses of this machine, by interface
/// index.</param>
/// <param name="drains">Receives real servers that answer for VIPs, if the configuration says so.</param>
/// <param name="alarms">Receives one sentence per conflict, after every change.</param>
/// <param name="log">Receives conflicts as they begin and end.</param>
/// <param name="time">The clock.</param>
internal sealed class VipConflictDetector(IFrameChannel frames, Func<ILookup<int, IPAddress>> linkLocalAddresses,
    DrainOverlay drains,
    Action<ImmutableArray<string>> alarms, ILogger log, TimeProvider time) : IVipConflictSource
{
    /// <summary>Requests per second on all interfaces together. With more VIPs the rounds get longer.</summary>
    internal const int MaxRequestsPerSecond = 500;


    /// <summary>A host that lets this many rounds pass without a frame no longer has the VIP.</summary>
    private const int RoundsUntilExpired = 4;

    private readonly Lock _gate = new();
    private readonly VipConflicts _conflicts = new();
    private readonly RequestRounds _rounds = new(MaxRequestsPerSecond, TickInterval, time);
    private WatchState _watch = WatchState.Empty;

    /// <summary>The time between two calls of <see cref="Tick"/>.</summary>
    internal static TimeSpan TickInterval { get; } = TimeSpan.FromMilliseconds(50);

    public ImmutableArray<VipConflict> Conflicts
    {
        get
        {
            lock (_gate)
            {
                return [.. _conflicts.Current.Select(c => c with
                {
                    First = MonotonicClock.ToWallClock(time, c.First),
                    Last = MonotonicClock.ToWallClock(time, c.Last),
                })];
            }
        }
    }

    /// <summary>Takes over what to watch from tables that have come into force.</summary>
    /// <param name="configuration">The configuration that the tables were compiled from.</param>
    /// <param name="tables">The tables.</param>
    /// <param name="nextHops">The Ethernet addresses of servers and other directors.</param>
    internal void Update(EffectiveConfiguration configuration, ForwardingTables tables, Forwarding.NextHops nextHops)
    {
        var names = configuration.Desired.Node.Interfaces.Select(static i => i.Name).ToHashSet();
        var links = nextHops.Interfaces.Where(i => names.Contains(i.Name)).ToImmutableArray();
        var linkLocal = linkLocalAddresses();
        var watch = new WatchState(
            tables.Vips.Where(static v => v.Address.IsSingle())
            .ToDictionary(static v => VrfAddress.InDefault(v.Address.BaseAddress), static v => v.RespondsToArp),
            links,
            links.Where(l => linkLocal.Contains(l.Index))
                .ToDictionary(static l => l.Index, l => linkLocal[l.Index].First()),
            HostsOf(configuration, nextHops),
            configuration.Desired.Group.ConflictDetection);
        lock (_gate)
            _watch = watch;
    }

    public void CheckNow(IEnumerable<VrfAddress> vips)
    {
        lock (_gate)
        {
            foreach (var vip in vips.Where(_watch.Vips.ContainsKey).Take(MaxRequestsPerSecond))
                SendRequests(vip);
        }
    }

    /// <summary>Sends the requests that are due, handles the frames that have arrived, and ends conflicts that were not
    /// renewed.</summary>
    internal void Tick()
    {
        lock (_gate)
        {
            foreach (var vip in _rounds.NextBatch(_watch.Vips.Keys, _watch.Links.Length))
                SendRequests(vip);
            frames.Receive((frame, interfaceIndex) =>
            {
                if (ConflictFrames.Read(frame) is { } use)
                    HandleAddressUse(interfaceIndex, use);
            });
            Expire(_rounds.Length(_watch.Links.Length) * RoundsUntilExpired);
        }
    }

    /// <summary>The known hosts by Ethernet address: other directors, and servers on the director's own
    /// networks.</summary>
    private static Dictionary<MacAddress,
        ConflictingHost> HostsOf(EffectiveConfiguration configuration, Forwarding.NextHops nextHops)
    {
        var hosts = new Dictionary<MacAddress, ConflictingHost>();
        foreach (var (address, mac) in nextHops.Peers)
            hosts[mac] = new ConflictingHost(VipConflicts.Director, address.ToString());
        foreach (var server in configuration.Pools.SelectMany(static p => p.Servers))
        {
            if (nextHops.Servers.GetValueOrDefault(server.VrfAddress) is { ViaRouter: false, IsLocal: false } nextHop)
                hosts.TryAdd(nextHop.Neighbour, new ConflictingHost(VipConflicts.Server, server.KeyByName.ToString()));
        }
        return hosts;
    }

    private void SendRequests(VrfAddress vip)
    {
        foreach (var link in _watch.Links)
        {
            if (ConflictFrames.Request(link, vip.Address, _watch.Source6(link)) is { } frame)
                frames.Send(link.Index, frame);
        }
    }

    private void HandleAddressUse(int interfaceIndex, AddressUse use)
    {
        var vip = VrfAddress.InDefault(use.Address);
        if (!_watch.Vips.TryGetValue(vip, out var isAnswered)
            || _watch.Links.FirstOrDefault(l => l.Index == interfaceIndex) is not { } link
            || _watch.Links.Any(l => l.Mac == use.Mac))
            return;
        var host = _watch.Hosts.GetValueOrDefault(use.Mac, ConflictingHost.Unknown);
        // Another host may own a VIP that this director does not answer for; a real server never may.
        if (!isAnswered && host.Kind != VipConflicts.Server)
            return;
        var now = MonotonicClock.Now(time);
        if (_conflicts.Record(vip, use.Mac, link.Name, host, now) is { } conflict)
        {
            log.ConflictBegan(VipConflicts.Describe(conflict));
            PublishAlarms();
        }
        if (_watch.Settings.Drain && host is { Kind: VipConflicts.Server, Name: { } server })
            drains.Set(RealServerKey.Parse(server), DrainSource.VipConflict, drains: true);
        if (isAnswered && _watch.Settings.Defend && _conflicts.MayAnnounce(vip, now))
            frames.Send(link.Index, ConflictFrames.Announcement(link, use.Address, _watch.Source6(link)));
    }

    private void Expire(TimeSpan lifetime)
    {
        var expired = _conflicts.Expire(MonotonicClock.Now(time), lifetime);
        if (expired.Count == 0)
            return;
        foreach (var conflict in expired)
            log.ConflictEnded($"{conflict.Host ?? conflict.Mac}", conflict.Vip);
        PublishAlarms();
        var conflicting = _conflicts.Current.Select(static c => c.Host).ToHashSet();
        foreach (var (server, source) in drains.Drains.Where(d => d.Source == DrainSource.VipConflict
            && !conflicting.Contains(d.Server.ToString())))
            drains.Set(server, source, drains: false);
    }

    private void PublishAlarms() => alarms([.. _conflicts.Current.Select(VipConflicts.Describe)]);

    /// <summary>The VIPs and interfaces that the detector watches, and its settings.</summary>
    /// <param name="Vips">VIPs that are single addresses, and whether this director answers ARP or neighbour
    /// solicitations for them.</param>
    /// <param name="Links">The director's interfaces.</param>
    /// <param name="LinkLocal">Their link-local addresses, by interface index.</param>
    /// <param name="Hosts">The known hosts by Ethernet address.</param>
    /// <param name="Settings">The reaction to a conflict.</param>
    private sealed record WatchState(IReadOnlyDictionary<VrfAddress, bool> Vips, ImmutableArray<EgressInterface> Links,
        IReadOnlyDictionary<int, IPAddress> LinkLocal, IReadOnlyDictionary<MacAddress, ConflictingHost> Hosts,
        ConflictDetectionSettings Settings)
    {
        internal static WatchState Empty { get; } = new(ImmutableDictionary<VrfAddress, bool>.Empty, [],
            ImmutableDictionary<int, IPAddress>.Empty, ImmutableDictionary<MacAddress, ConflictingHost>.Empty,
            new ConflictDetectionSettings());

        /// <summary>The IPv6 source of requests: the link-local address, which no renumbering changes, or else the
        /// global one.</summary>
        internal IPAddress? Source6(EgressInterface link) => LinkLocal.GetValueOrDefault(link.Index) ?? link.Address6;
    }
}
