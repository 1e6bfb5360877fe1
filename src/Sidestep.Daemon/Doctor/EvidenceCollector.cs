using System.Collections.Immutable;
using System.Net;
using System.Net.NetworkInformation;
using Sidestep.Control.Agents;
using Sidestep.Control.Doctor;
using Sidestep.Daemon.AddressConflicts;
using Sidestep.Daemon.NextHops;
using Sidestep.Forwarding;
using Sidestep.Model;
using Sidestep.Native;
using Sidestep.Native.Netlink;
using Sidestep.Packets;

namespace Sidestep.Daemon.Doctor;

/// <summary>Collects evidence from tables, kernel, agents and probes. The rules in Sidestep.Control judge it.</summary>
/// <param name="applied">The state to check.</param>
/// <param name="newest">Reads the state in force at the end: health may have changed meanwhile.</param>
/// <param name="agents">The reports of agents.</param>
/// <param name="conflicts">The detected VIP conflicts; null: conflict detection is not running.</param>
/// <param name="host">This machine.</param>
internal sealed class EvidenceCollector(AppliedState applied, Func<AppliedState> newest, AgentRegistry agents,
    IVipConflictSource? conflicts, IDoctorHost host)
{
    /// <summary>An agent reports every two seconds, and sooner while reports are expedited. On a busy host it may take
    /// longer.</summary>
    private static readonly TimeSpan ReportTimeout = TimeSpan.FromSeconds(8);

    /// <summary>Some hosts delay their replies on purpose (proxy ARP), so that a reply may belong to an earlier
    /// request.</summary>
    private static readonly TimeSpan MaxConflictAge = TimeSpan.FromSeconds(2);

    private static readonly TimeSpan ConflictReplyTimeout = TimeSpan.FromMilliseconds(300);

    private readonly List<string> _notChecked = [];
    private Dictionary<string, LinkCondition> _links = [];
    private ImmutableArray<IPAddress> _localRoutes = [];

    /// <summary>Numbers of checked services, servers, probes and agents.</summary>
    internal ImmutableDictionary<string, int> Checked { get; private set; } = ImmutableDictionary<string, int>.Empty;

    /// <summary>Checks that could not be made, and why, one line each.</summary>
    internal IReadOnlyList<string> NotChecked => _notChecked;

    /// <summary>Checks all services, or one.</summary>
    /// <param name="onlyService">Name of the service; null: all.</param>
    /// <param name="cancellation">Cancels.</param>
    /// <exception cref="Native.NativeException">The kernel gives no sockets, or does not list its
    /// interfaces.</exception>
    internal async Task<Evidence> RunAsync(string? onlyService, CancellationToken cancellation)
    {
        using var expedited = agents.ExpediteReports();
        var startEpoch = agents.BeginEpoch();
        var services = applied.Configuration.Desired.VirtualServices
            .Where(s => s.Enabled && (onlyService is null || s.Name == onlyService)).ToArray();
        var vips = services.SelectMany(static s => s.Vips).Where(static v => v.IsSingle())
            .Select(static v => v.BaseAddress).ToHashSet();
        var conflictsCheckedAt = host.Time.GetUtcNow();
        var conflictsChecked = host.Time.GetTimestamp();
        if (conflicts is null)
            _notChecked.Add("VIP conflicts: conflict detection is not running");
        else
            conflicts.CheckNow(vips.Select(VrfAddress.InDefault));

        var servers = CheckedServers.Of(applied, services);
        Dictionary<RealServer, ReceivedReport?> LastReports() =>
            servers.ToDictionary(static s => s.Server, s => agents.Find(s.Server));
        Task<IReadOnlyList<RealServer>> NewReportsAsync(long epoch) =>
            agents.WaitForReportsAsync([.. servers.Select(static s => s.Server)], epoch, ReportTimeout, cancellation);

        var atStart = LastReports();
        var routes = await FindRoutesAsync(servers, vips, cancellation).ConfigureAwait(false);
        // The last report may be two seconds old. Packets that an agent counted since, before a fault began, would
        // count as the doctor's probes.
        await NewReportsAsync(startEpoch).ConfigureAwait(false);
        var beforeProbes = LastReports();
        var probes = await ProbeAsync(servers, cancellation).ConfigureAwait(false);

        foreach (var late in await NewReportsAsync(agents.BeginEpoch()).ConfigureAwait(false))
            _notChecked.Add($"{late.Name}: its agent's counters during the probes; the report did not arrive in time");
        var rest = ConflictReplyTimeout - host.Time.GetElapsedTime(conflictsChecked);
        if (rest > TimeSpan.Zero)
            await Task.Delay(rest, host.Time, cancellation).ConfigureAwait(false);

        Checked = ImmutableDictionary<string, int>.Empty.Add("services", services.Length).Add("servers", servers.Count)
            .Add("probes", probes.Count).Add("agents", servers.Count(s => agents.Find(s.Server) is not null));
        foreach (var silent in servers.Where(s => agents.Find(s.Server) is null))
            _notChecked.Add($"{silent.Server.Name}: no agent reports: the server's own state was not checked");
        // Once for all servers: a director may have thousands of both.
        var groups = newest().Tables.Groups;
        var names = new GroupNames(groups.Select(static g => g.Key));
        return new Evidence
        {
            Director = applied.Configuration.Desired.Node.Name,
            Version = agents.Version,
            Now = host.Time.GetUtcNow(),
            DirectorAddresses =
                [.. applied.NextHops.Interfaces.SelectMany(static i =>
                new[] { i.Address, i.Address6 }).OfType<IPAddress>()],
            Interfaces = Interfaces(),
            LocalVips = LocalVips(vips),
            LocalRoutes = _localRoutes,
            ReplyFilters = ReplyFilters(vips),
            PoolsWithoutServer = PoolsWithoutServer(services),
            Conflicts = [.. (conflicts?.Conflicts ?? [])
                .Where(c => vips.Contains(c.Vip) && conflictsCheckedAt - c.Last < MaxConflictAge)],
            ServicesByVip = vips.ToImmutableDictionary(static v => v,
                v => services.Where(s => s.Vips.Any(n => n.Contains(v))).Select(static s => s.Name).ToImmutableArray()),
            Servers =
            [
                .. servers.Select(s => new ServerEvidence
                {
                    Name = s.Server.Name,
                    Address = s.Server.Address,
                    Route = routes.EvidenceOf(s.Server.VrfAddress, applied.NextHops),
                    AtStart = atStart[s.Server],
                    BeforeProbes = beforeProbes[s.Server],
                    AfterProbes = agents.Find(s.Server),
                    UnhealthyIn = UnhealthyIn(s.Server, groups, names),
                    ReplyTtl = probes.ReplyTtlOf(s.Server),
                    Services = [.. s.Services.Select(probes.AddTo)],
                }),
            ],
        };
    }

    private async Task<CheckedRoutes> FindRoutesAsync(IReadOnlyList<CheckedServer> servers,
        IReadOnlyCollection<IPAddress> vips, CancellationToken cancellation)
    {
        RouteTable routes;
        IReadOnlySet<(int, IPAddress)> staticEntries;
        using (var network = host.OpenNetwork())
        {
            routes = RouteTable.Find(network, new ResolverTargets(
                [.. applied.Configuration.Desired.Node.Interfaces.Select(static i => i.Name)],
                [.. servers.Select(static s => s.Server.VrfAddress).Distinct()], []));
            staticEntries = NeighbourTable.Of(network.Neighbours()).StaticEntries;
            _links = network.Interfaces().ToDictionary(static i => i.Name, ConditionOf);
            var addresses = network.Addresses().Select(static a => a.Address).ToHashSet();
            _localRoutes = [.. vips.Where(v => !addresses.Contains(v) && IsLocal(network, v))];
        }
        using var frames = host.OpenNeighbourFrames();
        var neighbours = routes.Servers.Values.DistinctBy(static r => r.Key).ToArray();
        var replies = await NeighbourSolicitor.RunAsync(frames, neighbours, host.Time, cancellation)
            .ConfigureAwait(false);
        return new CheckedRoutes(routes, staticEntries, replies);
    }

    private async Task<ProbeSet> ProbeAsync(IReadOnlyList<CheckedServer> servers, CancellationToken cancellation)
    {
        var set = ProbeSet.Of(servers, applied.NextHops);
        if (!set.IsComplete)
            _notChecked.Add($"ports beyond the first {Prober.MaxProbes} probes");
        using var frames = host.OpenIpFrames();
        var prober = new Prober(frames, host.Time, Random.Shared);
        await prober.RunAsync(set.Probes, cancellation).ConfigureAwait(false);
        await PacketSizeProber.RunAsync(prober, set.Searches, cancellation).ConfigureAwait(false);
        return set;
    }

    /// <summary>The names of the groups in which a server has failed health checks or its admission is not
    /// complete.</summary>
    private static ImmutableArray<string> UnhealthyIn(
        RealServer server, ImmutableArray<ServerGroup> groups, GroupNames names) =>
    [
        .. groups.Where(g => g.Servers.Any(e => e.HasFailed && e.VrfAddress == server.VrfAddress
                && new RealServerKey(g.Key.Pool.Tenant, e.Name) == server.KeyByName))
            .Select(g => names.Of(g.Key)),
    ];

    private ImmutableArray<InterfaceEvidence> Interfaces() =>
    [
        .. applied.Configuration.Desired.Node.Interfaces.Select(i =>
        {
            var attached = applied.Interfaces.FirstOrDefault(a => a.Name == i.Name);
            return new InterfaceEvidence(i.Name, i.Driver, attached?.Driver, attached?.FallbackReason,
                _links.GetValueOrDefault(i.Name, LinkCondition.Missing));
        }),
    ];

    private static LinkCondition ConditionOf(InterfaceInfo link) => !link.IsUp ? LinkCondition.Down
        : !link.HasCarrier ? LinkCondition.NoCarrier : LinkCondition.Up;

    private static bool IsLocal(IHostNetwork network, IPAddress vip)
    {
        try
        {
            return network.FindRoute(vip).IsLocal;
        }
        catch (NativeException)
        {
            return false; // There is no route.
        }
    }

    private ImmutableArray<(IPAddress, string)> ReplyFilters(HashSet<IPAddress> vips)
    {
        string[] interfaces = [.. applied.Configuration.Desired.Node.Interfaces.Select(static i => i.Name)];
        return [.. vips.Select(v => (Vip: v, Reason: host.FindReplyFilter(v, interfaces)))
            .Where(static f => f.Reason is not null).Select(static f => (f.Vip, f.Reason!))];
    }

    private ImmutableArray<PoolEvidence> PoolsWithoutServer(VirtualService[] services) =>
    [
        .. services.GroupBy(static s => s.PoolKey)
            .Select(g => (Pool: applied.Configuration.Pools.First(p => p.Key == g.Key), Services: g))
            .Where(static g => g.Pool is { AcceptsNewFlows: false, FallsBackToDraining: false })
            .Select(static g => new PoolEvidence(g.Pool.Name,
                [.. g.Pool.Servers.Select(static s => $"{s.Name}: "
                    + (s.State == ServerState.Enabled ? "weight 0" : s.State.ToString().ToLowerInvariant()))],
                [.. g.Services.Select(static s => s.Name)])),
    ];

    /// <summary>VIPs that are addresses of this machine, which they must not be.</summary>
    private ImmutableArray<(IPAddress, string)> LocalVips(HashSet<IPAddress> vips)
    {
        try
        {
            return [.. host.ReadHostInfo().Interfaces
                .SelectMany(i => i.Addresses.Where(a => vips.Contains(a.Address)).Select(a => (a.Address, i.Name)))];
        }
        catch (NetworkInformationException e)
        {
            _notChecked.Add($"the director's own addresses: {e.Message}");
            return [];
        }
    }
}
