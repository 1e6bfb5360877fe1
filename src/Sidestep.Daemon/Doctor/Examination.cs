using System.Collections.Immutable;
using System.Net;
using System.Net.NetworkInformation;
using Sidestep.Control.Agents;
using Sidestep.Control.Doctor;
using Sidestep.Daemon.NextHops;
using Sidestep.Daemon.Sentinel;
using Sidestep.Forwarding;
using Sidestep.Model;
using Sidestep.Native;
using Sidestep.Native.Netlink;

namespace Sidestep.Daemon.Doctor;

/// <summary>Gathers evidence: looks, asks and probes; judges nothing.</summary>
/// <param name="inForce">What is to be looked at.</param>
/// <param name="newest">What is in force when it is over: health may have changed meanwhile.</param>
/// <param name="agents">What agents say.</param>
/// <param name="sentinel">Who answers for VIPs; null: it could not be started.</param>
internal sealed class Examination(InForce inForce, Func<InForce> newest, AgentRegistry agents, VipSentinel? sentinel)
{
    /// <summary>An agent that reports every two seconds and is told to hurry has reported twice long before; on a busy host it may not.</summary>
    private static readonly TimeSpan ReportPatience = TimeSpan.FromSeconds(8);

    /// <summary>Some answer after a while on purpose (proxy ARP), and so to an earlier question.</summary>
    private static readonly TimeSpan ClaimAge = TimeSpan.FromSeconds(2);

    private static readonly TimeSpan ClaimPatience = TimeSpan.FromMilliseconds(300);

    /// <summary>Ports of a service that are probed on each server: of many, the first.</summary>
    private const int MostPorts = 8;

    /// <summary>VIPs of a service that are probed on each server: of many, the first.</summary>
    private const int MostVips = 8;

    private readonly List<string> _notLookedAt = [];

    /// <summary>How many of what were looked at.</summary>
    internal ImmutableDictionary<string, int> LookedAt { get; private set; } = ImmutableDictionary<string, int>.Empty;

    /// <summary>What could not be looked at, and why.</summary>
    internal IReadOnlyList<string> NotLookedAt => _notLookedAt;

    /// <summary>Looks at everything, or at one service.</summary>
    /// <exception cref="NativeException">The kernel refused what every other look depends on.</exception>
    internal async Task<Evidence> RunAsync(string? onlyService, CancellationToken cancellation)
    {
        using var hurry = agents.Hurry();
        var begun = agents.Mark();
        var configuration = inForce.Configuration;
        var services = configuration.VirtualServices.Where(s => s.Enabled && (onlyService is null || s.Name == onlyService)).ToArray();
        var vips = services.SelectMany(static s => s.Vips).Where(IsSingle).Select(static v => v.BaseAddress).ToHashSet();
        var asked = DateTimeOffset.UtcNow;
        sentinel?.AskNow(vips);
        if (sentinel is null)
            _notLookedAt.Add("who answers for the VIPs: the sentinel is not running");

        var servers = Servers(services);
        Dictionary<RealServer, ReceivedReport?> LastReports() => servers.ToDictionary(static s => s.Server, s => agents.Find(s.Server));
        Task<IReadOnlyList<RealServer>> NewReportsAsync(long mark) =>
            agents.WaitForReportsAsync([.. servers.Select(static s => s.Server)], mark, ReportPatience, cancellation);

        var first = LastReports();
        var (hops, entered) = FindHops(servers);
        var answered = await NeighbourAsk.RunAsync([.. hops.Servers.Values.DistinctBy(static h => h.Key)], cancellation).ConfigureAwait(false);
        // The last report may be two seconds old: what arrived since, before a fault began, would count as the probes'.
        await NewReportsAsync(begun).ConfigureAwait(false);
        var before = LastReports();
        var (probes, sizes) = await ProbeAsync(servers, cancellation).ConfigureAwait(false);

        foreach (var late in await NewReportsAsync(agents.Mark()).ConfigureAwait(false))
            _notLookedAt.Add($"{late.Name}: what its agent counted during the probes; its report did not come in time");
        var rest = ClaimPatience - (DateTimeOffset.UtcNow - asked);
        if (rest > TimeSpan.Zero)
            await Task.Delay(rest, cancellation).ConfigureAwait(false);

        LookedAt = ImmutableDictionary<string, int>.Empty.Add("services", services.Length).Add("servers", servers.Count)
            .Add("probes", probes.Count).Add("agents", servers.Count(s => agents.Find(s.Server) is not null));
        foreach (var silent in servers.Where(s => agents.Find(s.Server) is null))
            _notLookedAt.Add($"{silent.Server.Name}: no agent reports, so the server's own state was not looked at");
        return new Evidence
        {
            Director = configuration.Director.Name,
            Version = agents.Version,
            Now = DateTimeOffset.UtcNow,
            DirectorAddresses = [.. inForce.NextHops.Interfaces.SelectMany(static i => new[] { i.Address, i.Address6 }).OfType<IPAddress>()],
            Interfaces = Interfaces(),
            LocalVips = LocalVips(vips),
            Claims = [.. (sentinel?.Claims ?? []).Where(c => vips.Contains(c.Vip) && asked - c.Last < ClaimAge)],
            ServicesOfVips = vips.ToImmutableDictionary(static v => v, v => services.Where(s => s.Vips.Any(n => n.Contains(v))).Select(static s => s.Name).ToImmutableArray()),
            Servers =
            [
                .. servers.Select(s => new ServerEvidence
                {
                    Name = s.Server.Name,
                    Address = s.Server.Address,
                    Route = RouteTo(s.Server.Address, hops, answered, entered),
                    First = first[s.Server],
                    Before = before[s.Server],
                    After = agents.Find(s.Server),
                    UnfitIn = [.. newest().Tables.Groups.Where(g => g.Servers.Any(e => e.HasFailed && e.Name == s.Server.Name && e.Address.Equals(s.Server.Address))).Select(static g => g.Key.ToString())],
                    OwnTtl = probes.Where(p => p.Key.Service.Server == s.Server && p.Key.IsOwn).Select(static p => p.Value.Ttl).FirstOrDefault(static t => t is not null),
                    Services =
                    [
                        .. s.Services.Select(v => v.Evidence with
                        {
                            Path = probes.GetValueOrDefault((v, false))?.Outcome,
                            Own = probes.GetValueOrDefault((v, true))?.Outcome,
                            Size = sizes.GetValueOrDefault((v.Server.Address, v.Evidence.Vip, v.Evidence.Way))?.Outcome,
                        }),
                    ],
                }),
            ],
        };
    }

    private sealed record Looked(RealServer Server, ServiceEvidence Evidence);

    private sealed record LookedServer(RealServer Server, ImmutableArray<Looked> Services);

    /// <summary>Servers that are to serve, each address once, with what they serve.</summary>
    private List<LookedServer> Servers(IEnumerable<VirtualService> services)
    {
        var compiler = new DutyCompiler(inForce.Configuration, inForce.NextHops);
        return
        [
            .. services.SelectMany(s => inForce.Configuration.Pools.First(p => p.Name == s.Pool).Servers
                    .Where(static r => r.State != ServerState.Disabled).SelectMany(r => Of(s, r, compiler)))
                .GroupBy(static v => (v.Server.Name, v.Server.Address)).Select(static g => new LookedServer(g.First().Server, [.. g])),
        ];
    }

    private IEnumerable<Looked> Of(VirtualService service, RealServer server, DutyCompiler compiler)
    {
        var profile = inForce.Configuration.ProfileOf(service);
        var way = server.Encapsulation is { } own && profile.DsrType == DsrType.L3 ? Way.Of(profile, own) : Way.Of(profile);
        foreach (var vip in service.Vips.Take(MostVips))
        {
            foreach (var ports in service.Ports.Take(MostPorts))
            {
                yield return new Looked(server, new ServiceEvidence
                {
                    Name = service.Name,
                    Pool = service.Pool,
                    Vip = IsSingle(vip) ? vip.BaseAddress : FirstHost(vip),
                    Protocol = service.Protocol,
                    // Which port of a range an application has is not known.
                    Port = ports.First == ports.Last ? ports.First : 0,
                    Way = way,
                    Room = compiler.RoomOf(way, server.Address),
                    Takes = server is { State: ServerState.Enabled, Weight: > 0 },
                });
            }
        }
    }

    private (Hops Hops, HashSet<(int, IPAddress)> Entered) FindHops(IEnumerable<LookedServer> servers)
    {
        using var netlink = NetlinkSocket.Open();
        var hops = Hops.Find(netlink, new Watched([.. inForce.Configuration.Director.Interfaces.Select(static i => i.Name)],
            [.. servers.Select(static s => s.Server.Address).Distinct()], []));
        return (hops, [.. Neighbours.List(netlink).Where(static n => n.IsStatic).Select(static n => (n.InterfaceIndex, n.Address))]);
    }

    private async Task<(Dictionary<(Looked Service, bool IsOwn), Probe> Probes, Dictionary<(IPAddress, IPAddress, Way), SizeSearch> Sizes)> ProbeAsync(
        IEnumerable<LookedServer> servers, CancellationToken cancellation)
    {
        var probes = new Dictionary<(Looked Service, bool IsOwn), Probe>();
        var sizes = new Dictionary<(IPAddress, IPAddress, Way), SizeSearch>();
        foreach (var v in servers.SelectMany(static s => s.Services))
        {
            var (server, e) = (v.Server.Address, v.Evidence);
            if (!inForce.NextHops.Servers.TryGetValue(server, out var hop) || hop.IsLocal)
                continue;
            sizes.TryAdd((server, e.Vip, e.Way), new SizeSearch { Hop = hop, Way = e.Way, Server = server, Vip = e.Vip, Wanted = hop.Egress.MtuBytes - (e.Room?.Overhead ?? 0) });
            if (e.Port == 0 || e.Protocol == TransportProtocol.Any)
                continue;
            if (probes.Count + 2 > Prober.MostProbes)
            {
                _notLookedAt.Add($"ports beyond the first {Prober.MostProbes} probes");
                break;
            }
            probes.Add((v, false), new Probe { Hop = hop, Way = e.Way, Server = server, To = new IPEndPoint(e.Vip, e.Port), Protocol = e.Protocol });
            // What is refused there is no sign of anything, and would be taken for one.
            if (e.Protocol == TransportProtocol.Tcp)
                probes.Add((v, true), new Probe { Hop = hop, Server = server, To = new IPEndPoint(server, e.Port), Protocol = e.Protocol });
        }
        using var prober = new Prober();
        await prober.RunAsync([.. probes.Values], cancellation).ConfigureAwait(false);
        await SizeProber.RunAsync(prober, [.. sizes.Values], cancellation).ConfigureAwait(false);
        return (probes, sizes);
    }

    private RouteEvidence RouteTo(IPAddress server, Hops hops, Dictionary<(int, IPAddress), ImmutableArray<string>> answered, HashSet<(int, IPAddress)> entered)
    {
        var mac = inForce.NextHops.Servers.TryGetValue(server, out var known) ? known.Neighbour.ToString() : null;
        if (hops.LocalServers.ContainsKey(server))
            return new RouteEvidence { IsLocal = true, Mac = mac };
        if (!hops.Servers.TryGetValue(server, out var hop))
            return new RouteEvidence { NoRoute = hops.Problems.GetValueOrDefault(server, "unknown") };
        return new RouteEvidence
        {
            Gateway = hop.ViaRouter ? hop.Neighbour : null,
            Device = hop.Egress.Name,
            Mac = mac,
            IsEntered = entered.Contains(hop.Key),
            Answered = answered.TryGetValue(hop.Key, out var macs) ? macs : null,
        };
    }

    private ImmutableArray<InterfaceEvidence> Interfaces() =>
    [
        .. inForce.Configuration.Director.Interfaces.Select(i =>
        {
            var attached = inForce.Interfaces.FirstOrDefault(a => a.Name == i.Name);
            return new InterfaceEvidence(i.Name, i.Driver, attached?.Driver, attached?.WhyNotBetter);
        }),
    ];

    private ImmutableArray<(IPAddress, string)> LocalVips(HashSet<IPAddress> vips)
    {
        try
        {
            return [.. HostFacts.OfThisMachine().Interfaces.SelectMany(i => i.Addresses.Where(a => vips.Contains(a.Address)).Select(a => (a.Address, i.Name)))];
        }
        catch (NetworkInformationException e)
        {
            _notLookedAt.Add($"the director's own addresses: {e.Message}");
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
