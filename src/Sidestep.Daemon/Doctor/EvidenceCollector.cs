using System.Collections.Immutable;
using System.Net;
using System.Net.NetworkInformation;
using Sidestep.Control.Agents;
using Sidestep.Control.Doctor;
using Sidestep.Daemon.NextHops;
using Sidestep.Daemon.AddressConflicts;
using Sidestep.Forwarding;
using Sidestep.Model;
using Sidestep.Native;
using Sidestep.Native.Netlink;

namespace Sidestep.Daemon.Doctor;

/// <summary>Gathers evidence: looks, asks and probes; judges nothing.</summary>
/// <param name="applied">What is to be looked at.</param>
/// <param name="newest">What is in force when it is over: health may have changed meanwhile.</param>
/// <param name="agents">What agents say.</param>
/// <param name="conflictMonitor">Who answers for VIPs; null: it could not be started.</param>
internal sealed class EvidenceCollector(AppliedState applied, Func<AppliedState> newest, AgentRegistry agents, VipConflictMonitor? conflictMonitor)
{
    /// <summary>An agent that reports every two seconds and is told to hurry has reported twice long before; on a busy host it may not.</summary>
    private static readonly TimeSpan ReportTimeout = TimeSpan.FromSeconds(8);

    /// <summary>Some answer after a while on purpose (proxy ARP), and so to an earlier question.</summary>
    private static readonly TimeSpan MaxConflictAge = TimeSpan.FromSeconds(2);

    private static readonly TimeSpan ConflictReplyTimeout = TimeSpan.FromMilliseconds(300);

    /// <summary>Ports of a service that are probed on each server: of many, the first.</summary>
    private const int MaxPorts = 8;

    /// <summary>VIPs of a service that are probed on each server: of many, the first.</summary>
    private const int MaxVips = 8;

    private readonly List<string> _notChecked = [];

    /// <summary>How many of what were looked at.</summary>
    internal ImmutableDictionary<string, int> Checked { get; private set; } = ImmutableDictionary<string, int>.Empty;

    /// <summary>What could not be looked at, and why.</summary>
    internal IReadOnlyList<string> NotChecked => _notChecked;

    /// <summary>Looks at everything, or at one service.</summary>
    /// <exception cref="NativeException">The kernel refused what every other look depends on.</exception>
    internal async Task<Evidence> RunAsync(string? onlyService, CancellationToken cancellation)
    {
        using var expedited = agents.ExpediteReports();
        var startEpoch = agents.BeginEpoch();
        var configuration = applied.Configuration.Desired;
        var services = configuration.VirtualServices.Where(s => s.Enabled && (onlyService is null || s.Name == onlyService)).ToArray();
        var vips = services.SelectMany(static s => s.Vips).Where(IsSingle).Select(static v => v.BaseAddress).ToHashSet();
        var conflictsCheckedAt = DateTimeOffset.UtcNow;
        conflictMonitor?.CheckNow(vips);
        if (conflictMonitor is null)
            _notChecked.Add("VIP conflicts: conflict detection is not running");

        var servers = ServersOf(services);
        Dictionary<RealServer, ReceivedReport?> LastReports() => servers.ToDictionary(static s => s.Server, s => agents.Find(s.Server));
        Task<IReadOnlyList<RealServer>> NewReportsAsync(long epoch) =>
            agents.WaitForReportsAsync([.. servers.Select(static s => s.Server)], epoch, ReportTimeout, cancellation);

        var atStart = LastReports();
        var (routes, staticEntries) = FindRoutes(servers);
        var replies = await NeighbourSolicitor.RunAsync([.. routes.Servers.Values.DistinctBy(static h => h.Key)], cancellation).ConfigureAwait(false);
        // The last report may be two seconds old: what arrived since, before a fault began, would count as the probes'.
        await NewReportsAsync(startEpoch).ConfigureAwait(false);
        var beforeProbes = LastReports();
        var (probes, sizes) = await ProbeAsync(servers, cancellation).ConfigureAwait(false);

        foreach (var late in await NewReportsAsync(agents.BeginEpoch()).ConfigureAwait(false))
            _notChecked.Add($"{late.Name}: what its agent counted during the probes; its report did not come in time");
        var rest = ConflictReplyTimeout - (DateTimeOffset.UtcNow - conflictsCheckedAt);
        if (rest > TimeSpan.Zero)
            await Task.Delay(rest, cancellation).ConfigureAwait(false);

        Checked = ImmutableDictionary<string, int>.Empty.Add("services", services.Length).Add("servers", servers.Count)
            .Add("probes", probes.Count).Add("agents", servers.Count(s => agents.Find(s.Server) is not null));
        foreach (var silent in servers.Where(s => agents.Find(s.Server) is null))
            _notChecked.Add($"{silent.Server.Name}: no agent reports: the server's own state was not checked");
        return new Evidence
        {
            Director = configuration.Director.Name,
            Version = agents.Version,
            Now = DateTimeOffset.UtcNow,
            DirectorAddresses = [.. applied.NextHops.Interfaces.SelectMany(static i => new[] { i.Address, i.Address6 }).OfType<IPAddress>()],
            Interfaces = Interfaces(),
            LocalVips = LocalVips(vips),
            Conflicts = [.. (conflictMonitor?.Conflicts ?? []).Where(c => vips.Contains(c.Vip) && conflictsCheckedAt - c.Last < MaxConflictAge)],
            ServicesByVip = vips.ToImmutableDictionary(static v => v, v => services.Where(s => s.Vips.Any(n => n.Contains(v))).Select(static s => s.Name).ToImmutableArray()),
            Servers =
            [
                .. servers.Select(s => new ServerEvidence
                {
                    Name = s.Server.Name,
                    Address = s.Server.Address,
                    Route = RouteTo(s.Server.Address, routes, replies, staticEntries),
                    AtStart = atStart[s.Server],
                    BeforeProbes = beforeProbes[s.Server],
                    AfterProbes = agents.Find(s.Server),
                    UnhealthyIn = [.. newest().Tables.Groups.Where(g => g.Servers.Any(e => e.HasFailed && e.Name == s.Server.Name && e.Address.Equals(s.Server.Address))).Select(static g => g.Key.ToString())],
                    ReplyTtl = probes.Where(p => p.Key.Service.Server == s.Server && p.Key.IsDirect).Select(static p => p.Value.Ttl).FirstOrDefault(static t => t is not null),
                    Services =
                    [
                        .. s.Services.Select(v => v.Evidence with
                        {
                            DsrPathProbe = probes.GetValueOrDefault((v, false))?.Evidence,
                            DirectProbe = probes.GetValueOrDefault((v, true))?.Evidence,
                            PacketSize = sizes.GetValueOrDefault((v.Server.Address, v.Evidence.Vip, v.Evidence.Encap))?.Evidence,
                        }),
                    ],
                }),
            ],
        };
    }

    private sealed record CheckedService(RealServer Server, ServiceEvidence Evidence);

    private sealed record CheckedServer(RealServer Server, ImmutableArray<CheckedService> Services);

    /// <summary>Servers that are to serve, each address once, with what they serve.</summary>
    private List<CheckedServer> ServersOf(IEnumerable<VirtualService> services)
    {
        var compiler = new ServerSpecCompiler(applied.Configuration, applied.NextHops);
        return
        [
            .. services.SelectMany(s => applied.Configuration.Pools.First(p => p.Name == s.Pool).Servers
                    .Where(static r => r.State != ServerState.Disabled).SelectMany(r => CheckedServicesOf(s, r, compiler)))
                .GroupBy(static v => (v.Server.Name, v.Server.Address)).Select(static g => new CheckedServer(g.First().Server, [.. g])),
        ];
    }

    private IEnumerable<CheckedService> CheckedServicesOf(VirtualService service, RealServer server, ServerSpecCompiler compiler)
    {
        var profile = applied.Configuration.Desired.ProfileOf(service);
        var encap = server.Encapsulation is { } own && profile.DsrType == DsrType.L3 ? Encap.Of(profile, own) : Encap.Of(profile);
        foreach (var vip in service.Vips.Take(MaxVips))
        {
            foreach (var ports in service.Ports.Take(MaxPorts))
            {
                yield return new CheckedService(server, new ServiceEvidence
                {
                    Name = service.Name,
                    Pool = service.Pool,
                    Vip = IsSingle(vip) ? vip.BaseAddress : FirstHost(vip),
                    Protocol = service.Protocol,
                    // Which port of a range an application has is not known.
                    Port = ports.First == ports.Last ? ports.First : 0,
                    Encap = encap,
                    PathMtu = compiler.PathMtuOf(encap, server.Address),
                    AcceptsNewFlows = server is { State: ServerState.Enabled, Weight: > 0 },
                });
            }
        }
    }

    private (RouteTable Routes, HashSet<(int, IPAddress)> StaticEntries) FindRoutes(IEnumerable<CheckedServer> servers)
    {
        using var netlink = NetlinkSocket.Open();
        var routes = RouteTable.Find(netlink, new ResolverTargets([.. applied.Configuration.Desired.Director.Interfaces.Select(static i => i.Name)],
            [.. servers.Select(static s => s.Server.Address).Distinct()], []));
        return (routes, [.. Neighbours.List(netlink).Where(static n => n.IsStatic).Select(static n => (n.InterfaceIndex, n.Address))]);
    }

    private async Task<(Dictionary<(CheckedService Service, bool IsDirect), Probe> Probes, Dictionary<(IPAddress, IPAddress, Encap), PacketSizeSearch> Sizes)> ProbeAsync(
        IEnumerable<CheckedServer> servers, CancellationToken cancellation)
    {
        var probes = new Dictionary<(CheckedService Service, bool IsDirect), Probe>();
        var sizes = new Dictionary<(IPAddress, IPAddress, Encap), PacketSizeSearch>();
        foreach (var v in servers.SelectMany(static s => s.Services))
        {
            var (server, e) = (v.Server.Address, v.Evidence);
            if (!applied.NextHops.Servers.TryGetValue(server, out var nextHop) || nextHop.IsLocal)
                continue;
            sizes.TryAdd((server, e.Vip, e.Encap), new PacketSizeSearch { NextHop = nextHop, Encap = e.Encap, Server = server, Vip = e.Vip, ExpectedBytes = nextHop.Egress.MtuBytes - (e.PathMtu?.Overhead ?? 0) });
            if (e.Port == 0 || e.Protocol == TransportProtocol.Any)
                continue;
            if (probes.Count + 2 > Prober.MaxProbes)
            {
                _notChecked.Add($"ports beyond the first {Prober.MaxProbes} probes");
                break;
            }
            probes.Add((v, false), new Probe { NextHop = nextHop, Encap = e.Encap, Server = server, To = new IPEndPoint(e.Vip, e.Port), Protocol = e.Protocol });
            // What is refused there is no sign of anything, and would be taken for one.
            if (e.Protocol == TransportProtocol.Tcp)
                probes.Add((v, true), new Probe { NextHop = nextHop, Server = server, To = new IPEndPoint(server, e.Port), Protocol = e.Protocol });
        }
        using var prober = new Prober();
        await prober.RunAsync([.. probes.Values], cancellation).ConfigureAwait(false);
        await PacketSizeProber.RunAsync(prober, [.. sizes.Values], cancellation).ConfigureAwait(false);
        return (probes, sizes);
    }

    private RouteEvidence RouteTo(IPAddress server, RouteTable routes, Dictionary<(int, IPAddress), ImmutableArray<string>> replies, HashSet<(int, IPAddress)> staticEntries)
    {
        var mac = applied.NextHops.Servers.TryGetValue(server, out var known) ? known.Neighbour.ToString() : null;
        if (routes.LocalServers.ContainsKey(server))
            return new RouteEvidence { IsLocal = true, Mac = mac };
        if (!routes.Servers.TryGetValue(server, out var route))
            return new RouteEvidence { NoRouteReason = routes.Problems.GetValueOrDefault(server, "unknown") };
        return new RouteEvidence
        {
            Gateway = route.ViaRouter ? route.Neighbour : null,
            Device = route.Egress.Name,
            Mac = mac,
            IsStatic = staticEntries.Contains(route.Key),
            RepliedMacs = replies.TryGetValue(route.Key, out var macs) ? macs : null,
        };
    }

    private ImmutableArray<InterfaceEvidence> Interfaces() =>
    [
        .. applied.Configuration.Desired.Director.Interfaces.Select(i =>
        {
            var attached = applied.Interfaces.FirstOrDefault(a => a.Name == i.Name);
            return new InterfaceEvidence(i.Name, i.Driver, attached?.Driver, attached?.FallbackReason);
        }),
    ];

    private ImmutableArray<(IPAddress, string)> LocalVips(HashSet<IPAddress> vips)
    {
        try
        {
            return [.. HostInfo.OfThisMachine().Interfaces.SelectMany(i => i.Addresses.Where(a => vips.Contains(a.Address)).Select(a => (a.Address, i.Name)))];
        }
        catch (NetworkInformationException e)
        {
            _notChecked.Add($"the director's own addresses: {e.Message}");
            return [];
        }
    }

    private static bool IsSingle(IPNetwork vip) => vip.PrefixLength == vip.BaseAddress.GetAddressBytes().Length * 8;

    private static IPAddress FirstHost(IPNetwork prefix)
    {
        var bytes = prefix.BaseAddress.GetAddressBytes();
        bytes[^1] |= 1;
        return new IPAddress(bytes);
    }
}
