using System.Collections.Immutable;
using System.Net;
using Sidestep.Api;
using Sidestep.Control.AddressConflicts;
using Sidestep.Control.Agents;
using Sidestep.Control.Doctor;
using Sidestep.Daemon;
using Sidestep.Daemon.AddressConflicts;
using Sidestep.Daemon.Doctor;
using Sidestep.Forwarding;
using Sidestep.Model;

namespace Sidestep.UnitTests.Daemon.Doctor;

public sealed class EvidenceCollectorTests
{
    private static readonly IPAddress Vip = IPAddress.Parse("203.0.113.10");
    private readonly FakeDoctorHost _host = new();
    private readonly AgentRegistry _agents;
    private readonly FakeConflicts _conflicts = new();
    private AppliedState _newest = TestDirector.Applied;

    public EvidenceCollectorTests()
    {
        _agents = new AgentRegistry(new DrainOverlay(), "1.2.3", _host.Clock);
        _agents.Applied(TestDirector.Effective, TestDirector.NextHops);
    }

    [Fact]
    public async Task Director_where_all_is_well_gives_complete_evidence()
    {
        var (evidence, collector) = await RunAsync();
        Assert.Equal(("edge1", "1.2.3"), (evidence.Director, evidence.Version));
        Assert.Equal([IPAddress.Parse("10.0.0.2"), IPAddress.Parse("2001:db8::2")], evidence.DirectorAddresses);
        Assert.Equal([new InterfaceEvidence("eth0", Driver.Auto, Driver.Native, null)], evidence.Interfaces);
        Assert.Equal(["dns", "www", "www"], evidence.ServicesByVip.Values.Select(static s => Assert.Single(s))
            .Order(StringComparer.Ordinal));
        Assert.Equal(["web1", "web2", "dns1"], evidence.Servers.Select(static s => s.Name));
        Assert.All(evidence.Servers, static s => Assert.Empty(s.UnhealthyIn));

        var www = evidence.Servers[0];
        Assert.Equal(("eth0", "02:00:00:00:00:11", 64), (www.Route.Device, www.Route.Mac, www.ReplyTtl));
        Assert.Equal(["02:00:00:00:00:11"], www.Route.RepliedMacs!.Value);
        Assert.All(www.Services, static s =>
            Assert.Equal((ProbeReply.Answered, ProbeReply.Answered, 1460),
            (s.DsrPathProbe!.Reply, s.DirectProbe!.Reply, s.DsrPathProbe.Mss)));
        Assert.All(www.Services, static s => Assert.Equal(new PacketSizeEvidence(1500, 1500, null), s.PacketSize));
        var dns = evidence.Servers[2];
        Assert.Equal(IPAddress.Parse("10.0.0.1"), dns.Route.Gateway);
        Assert.Equal((ProbeReply.Answered, null), (dns.Services[0].DsrPathProbe!.Reply, dns.Services[0].DirectProbe));
        Assert.Equal(new PacketSizeEvidence(1468, 1468, null), dns.Services[0].PacketSize);

        Assert.Equal([("agents", 0), ("probes", 9), ("servers", 3), ("services", 2)],
            collector.Checked.Select(static c => (c.Key, c.Value)).Order());
        Assert.Equal(["web1", "web2", "dns1"], collector.NotChecked.Select(static n => n.Split(':')[0]));
        Assert.True(_host.Network.IsDisposed && _host.Neighbours.IsDisposed && _host.Ip.IsDisposed);
    }

    [Theory]
    [InlineData(FakeNetwork.UpWithCarrier, LinkCondition.Up)]
    [InlineData(FakeNetwork.Up, LinkCondition.NoCarrier)]
    [InlineData(0u, LinkCondition.Down)]
    [InlineData(null, LinkCondition.Missing)]
    public async Task Links_are_evidence(uint? flags, LinkCondition condition)
    {
        var links = _host.Network.Links;
        var eth0 = links.FindIndex(static l => l.Name == "eth0");
        if (flags is { } known)
            links[eth0] = links[eth0] with { Flags = known };
        else
            links.RemoveAt(eth0);
        Assert.Equal(condition, Assert.Single((await RunAsync()).Evidence.Interfaces).Link);
    }

    [Fact]
    public async Task Local_routes_and_reply_filters_of_VIPs_are_evidence()
    {
        var healthy = (await RunAsync("dns")).Evidence;
        Assert.Empty(healthy.LocalRoutes);
        Assert.Empty(healthy.ReplyFilters);
        _host.Network.Route("203.0.113.53", 1, isLocal: true);
        _host.ReplyFilter = "rp_filter is 1";
        var evidence = (await RunAsync("dns")).Evidence;
        Assert.Equal([IPAddress.Parse("203.0.113.53")], evidence.LocalRoutes);
        Assert.Equal([(IPAddress.Parse("203.0.113.53"), "rp_filter is 1")], evidence.ReplyFilters);
    }

    [Fact]
    public async Task One_service_is_checked_alone_and_disabled_services_are_not_checked()
    {
        var (evidence, collector) = await RunAsync("dns");
        Assert.Equal(["dns1"], evidence.Servers.Select(static s => s.Name));
        Assert.Equal(1, collector.Checked["services"]);
        Assert.Equal([VrfAddress.Parse("203.0.113.53")], _conflicts.Requested);

        var disabled = TestDirector.With("name: dns, vip", "name: dns, enabled: false, vip");
        (evidence, _) = await RunAsync(
            applied: TestDirector.Applied with { Configuration = new EffectiveConfiguration(disabled) });
        Assert.Equal(["web1", "web2"], evidence.Servers.Select(static s => s.Name));
    }

    [Fact]
    public async Task Recent_conflicts_about_checked_VIPs_are_evidence()
    {
        var now = _host.Clock.GetUtcNow();
        VipConflict Conflict(string vip, double age) =>
            new(IPAddress.Parse(vip), "02:00:00:00:00:99", "eth0", null, VipConflicts.UnknownHost, now,
            now.AddSeconds(-age), 1);
        _conflicts.Conflicts = [Conflict("203.0.113.10", 1.9), Conflict("203.0.113.53", 0),
            Conflict("2001:db8:113::10", 2)];
        Assert.Equal([Vip], (await RunAsync("www")).Evidence.Conflicts.Select(static c => c.Vip));
        Assert.Equal([VrfAddress.InDefault(Vip), VrfAddress.Parse("2001:db8:113::10")], _conflicts.Requested);
    }

    [Fact]
    public async Task Missing_conflict_detection_is_said()
    {
        var (evidence, collector) = await RunAsync(withConflicts: false);
        Assert.Empty(evidence.Conflicts);
        Assert.Contains("VIP conflicts: conflict detection is not running", collector.NotChecked);
    }

    /// <summary>Replies about conflicts may take 300 milliseconds, even if everything else is done at once.</summary>
    [Fact]
    public async Task Check_takes_long_enough_for_replies_about_conflicts()
    {
        var start = _host.Clock.GetUtcNow();
        await RunAsync(
            applied: TestDirector.Applied with
            {
                Configuration = new EffectiveConfiguration(TestDirector.Configuration with { VirtualServices = [] }),
            });
        Assert.Equal(TimeSpan.FromMilliseconds(300), _host.Clock.GetUtcNow() - start);
    }

    [Fact]
    public async Task Server_that_failed_in_the_newest_tables_is_unhealthy_in_its_group()
    {
        _newest = _newest with
        {
            Tables = _newest.Tables with
            {
                Groups = [.. _newest.Tables.Groups.Select(static g =>
                    g with { Servers = [.. g.Servers.Select(static s => s with { HasFailed = s.Name == "web2" })] })],
            },
        };
        var servers = (await RunAsync()).Evidence.Servers;
        Assert.Equal(["web/l2"], servers[1].UnhealthyIn);
        Assert.Empty(servers[0].UnhealthyIn);
        Assert.Empty(servers[2].UnhealthyIn);
    }

    [Fact]
    public async Task Pool_without_a_server_for_new_flows_is_found_with_the_reasons()
    {
        Assert.Empty((await RunAsync()).Evidence.PoolsWithoutServer);
        var pools = TestDirector.Configuration.Pools;
        var drained = TestDirector.Configuration with
        {
            Pools =
            [
                .. pools.Select(static p => p with
                {
                    Servers = [.. p.Servers.Select(static (s, i) => i == 0
                        ? s with { State = Sidestep.Model.ServerState.Draining } : s with { Weight = 0 })],
                }),
            ],
        };
        var found = (await RunAsync(applied: TestDirector.Applied with
        {
            Configuration = new EffectiveConfiguration(drained),
        })).Evidence.PoolsWithoutServer;
        Assert.All(found, static p => Assert.NotEmpty(p.Services));
        Assert.Contains("web1: draining", found.SelectMany(static p => p.Servers));
        Assert.Contains("web2: weight 0", found.SelectMany(static p => p.Servers));
    }

    [Fact]
    public async Task VIP_that_is_an_address_of_the_director_is_found()
    {
        _host.Info =
            new HostInfo([new HostInterface("lo", [new HostAddress(Vip, 32), new HostAddress(IPAddress.Loopback, 8)])]);
        Assert.Equal([(Vip, "lo")], (await RunAsync()).Evidence.LocalVips);
        _host.Info = null;
        var (evidence, collector) = await RunAsync();
        Assert.Empty(evidence.LocalVips);
        Assert.Contains(collector.NotChecked, static n =>
            n.StartsWith("the director's own addresses: ", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Static_entry_of_the_neighbour_table_is_found()
    {
        _host.Network.Entry(2, "10.0.0.12", "020000000012", isStatic: true);
        var servers = (await RunAsync()).Evidence.Servers;
        Assert.Equal([false, true, false], servers.Select(static s => s.Route.IsStatic));
    }

    [Fact]
    public async Task Reports_before_and_after_the_probes_are_evidence()
    {
        var (evidence, collector, epochs) = await RunWithAgentAsync(answeredEpochs: 2);
        var web1 = evidence.Servers[0];
        Assert.Equal(1, web1.AtStart!.Report.Sequence);
        Assert.Equal(epochs, [web1.BeforeProbes!.Report.ReportEpoch, web1.AfterProbes!.Report.ReportEpoch]);
        Assert.True(epochs[0] < epochs[1]);
        Assert.Equal(1, collector.Checked["agents"]);
        Assert.Equal("web2: no agent reports: the server's own state was not checked",
            Assert.Single(collector.NotChecked));
        Assert.Null(_agents.Report(RealServerKey.InDefault("web1"), Report(1, 0))!.NextReportMilliseconds);
    }

    [Fact]
    public async Task Agent_whose_report_after_the_probes_is_late_is_named()
    {
        var (evidence, collector, epochs) = await RunWithAgentAsync(answeredEpochs: 1);
        Assert.Equal(epochs[0], evidence.Servers[0].AfterProbes!.Report.ReportEpoch);
        Assert.Contains("web1: its agent's counters during the probes; the report did not arrive in time",
            collector.NotChecked);
    }

    [Fact]
    public async Task Agent_that_falls_silent_is_waited_for_once()
    {
        _agents.Report(RealServerKey.InDefault("web1"), Report(1, 0));
        var start = _host.Clock.GetUtcNow();
        await RunAsync("www");
        Assert.InRange((_host.Clock.GetUtcNow() - start).TotalSeconds, 8, 8.1);
    }

    [Fact]
    public async Task Excess_of_probes_is_said()
    {
        var ports = string.Join(", ", Enumerable.Range(1, 8));
        var vips = string.Join(", ", Enumerable.Range(1, 8).Select(static n => $"203.0.113.{n}"));
        var servers = string.Join(", ", Enumerable.Range(1, 32)
            .Select(static n => $"{{ name: s{n}, address: 10.2.0.{n} }}"));
        var configuration =
            TestDirector.Read(
            TestDirector.Yaml.Replace("[ { name: dns1, address: 10.1.0.11 } ]", $"[ {servers} ]",
            StringComparison.Ordinal)
            .Replace("vip: 203.0.113.53, protocol: udp, port: 53",
            $"vips: [ {vips} ], protocol: tcp, ports: [ {ports} ]", StringComparison.Ordinal));
        var nextHops = TestDirector.NextHops with
        {
            Servers = configuration.Pools.SelectMany(static p => p.Servers)
                .ToDictionary(static s => s.VrfAddress, static _ =>
                    new NextHop(TestDirector.Eth0, TestDirector.Router)),
        };
        var (_, collector) =
            await RunAsync(applied: TestDirector.Applied with
            {
                Configuration = new EffectiveConfiguration(configuration),
                NextHops = nextHops,
            });
        Assert.Contains("ports beyond the first 4000 probes", collector.NotChecked);
        Assert.Equal(4000, collector.Checked["probes"]);
    }

    private async Task<(Evidence Evidence, EvidenceCollector Collector)> RunAsync(
        string? service = null, AppliedState? applied = null, bool withConflicts = true)
    {
        var collector = Collector(applied ?? TestDirector.Applied, withConflicts);
        var task = collector.RunAsync(service, TestContext.Current.CancellationToken);
        await _host.Clock.CompleteAsync(task);
        return (await task, collector);
    }

    /// <summary>Runs with an agent on web1 that answers some of the epochs, and then falls silent.</summary>
    private async Task<(Evidence Evidence, EvidenceCollector Collector, List<long> Epochs)> RunWithAgentAsync(
        int answeredEpochs)
    {
        _agents.Report(RealServerKey.InDefault("web1"), Report(1, 0));
        var collector = Collector(TestDirector.Applied, withConflicts: true);
        var task = collector.RunAsync("www", TestContext.Current.CancellationToken);
        var epochs = new List<long>();
        while (!task.IsCompleted)
        {
            if (epochs.Count < answeredEpochs)
            {
                var epoch = _agents.Report(RealServerKey.InDefault("web1"),
                    Report(2, epochs.LastOrDefault()))!.ReportEpoch;
                if (epochs.LastOrDefault() != epoch)
                {
                    epochs.Add(epoch);
                    _agents.Report(RealServerKey.InDefault("web1"), Report(2, epoch));
                }
            }
            // A long timer is the timeout of reports. It may pass only after the probes, for an agent that has fallen
            // silent.
            var mayTimeOut = answeredEpochs == 1 && _host.Ip.Sent.Count > 0;
            if (_host.Clock.NextDue is { } due && (due < TimeSpan.FromSeconds(1) || mayTimeOut))
                _host.Clock.Advance(due);
            await Task.Yield();
        }
        return (await task, collector, epochs);
    }

    private EvidenceCollector Collector(AppliedState applied, bool withConflicts) =>
        new(applied, () => _newest, _agents, withConflicts ? _conflicts : null, _host);

    private static AgentReport Report(long sequence, long epoch) => new()
    {
        AgentVersion = "1.2.3",
        OperatingSystem = "linux",
        WallClock = DateTimeOffset.UnixEpoch,
        Sequence = sequence,
        ReportEpoch = epoch,
    };

    private sealed class FakeConflicts : IVipConflictSource
    {
        public ImmutableArray<VipConflict> Conflicts { get; set; } = [];

        public VrfAddress[] Requested { get; private set; } = [];

        public void CheckNow(IEnumerable<VrfAddress> vips) => Requested = [.. vips];
    }
}
