using System.Net;
using Sidestep.Api;
using Sidestep.Control.Agents;
using Sidestep.Forwarding;
using Sidestep.Model;
using Sidestep.Packets;
using Sidestep.UnitTests.Control;

namespace Sidestep.UnitTests.Agents;

/// <summary>Who gets which duties, and what becomes of what agents say.</summary>
public sealed class AgentRegistryTests
{
    private const string Yaml = """
        director: { interfaces: [ { name: eth0 } ], hashKey: 5f1d3c0e8a7b46925d20c9e4b6a1f873, peers: [ 10.0.0.3 ] }
        networkProfiles:
          - { name: near, dsrType: l2 }
          - { name: far, encapsulation: gue, guePort: 6081 }
        pools:
          - name: web
            servers: [ { name: web1, address: 10.0.0.11 }, { name: web2, address: 10.0.0.12 } ]
          - name: dns
            servers: [ { name: web1, address: 10.1.0.11 }, { name: dns2, address: "2001:db8::12" } ]
        virtualServices:
          - { name: www, vips: [ 203.0.113.10, "2001:db8:113::10" ], protocol: tcp, ports: [ 80, 8000-8099 ], pool: web, networkProfile: near }
          - { name: dns, vip: 203.0.113.53, protocol: udp, port: 53, pool: dns, networkProfile: far }
          - { name: off, vip: 203.0.113.54, protocol: udp, port: 54, pool: dns, enabled: false }
        """;

    private readonly ManualTime _time = new();
    private readonly DrainOverlay _drains = new();
    private readonly AgentRegistry _agents;
    private readonly Configuration _configuration = ConfigurationReader.Read(Yaml, null).Configuration!;

    public AgentRegistryTests()
    {
        _agents = new AgentRegistry(_drains, "1.0", _time);
        _agents.InForce(_configuration, Hops(1500));
    }

    [Fact]
    public async Task One_name_in_several_pools_is_one_host_with_the_duties_of_all()
    {
        var duties = await Get("web1");

        Assert.Equal(["10.0.0.2", "10.0.0.3"], duties.Directors.Select(static d => d.ToString()));
        Assert.Equal(["dns", "www"], duties.Services.Select(static s => s.Name));
        var (dns, www) = (duties.Services[0], duties.Services[1]);
        Assert.Equal(("l3", "gue", 6081, "10.1.0.11"), (dns.Dsr, dns.Encapsulation, dns.GuePort, dns.Server!.ToString()));
        Assert.Equal(new PathRoom(1500, 32, 1428, 1408), dns.Room);
        Assert.Equal(("l2", null, null), (www.Dsr, www.Encapsulation, www.GuePort));
        Assert.Equal(["80", "8000-8099"], www.Ports);
        Assert.Equal(new PathRoom(1500, 0, 1460, 1440), www.Room);
    }

    [Fact]
    public async Task A_server_is_known_by_its_address_as_well()
    {
        Assert.Equal(["dns"], (await Get("2001:db8::12")).Services.Select(static s => s.Name));
        Assert.Null(await _agents.DutiesAsync("web9", null, TimeSpan.Zero, CancellationToken.None));
    }

    [Fact]
    public async Task The_same_duties_have_the_same_number_and_others_have_another()
    {
        var first = await Get("web1");
        _agents.InForce(ConfigurationReader.Read(Yaml.Replace("10.0.0.12", "10.0.0.13", StringComparison.Ordinal), null).Configuration!, Hops(1500));
        Assert.Equal(first.Revision, (await Get("web1")).Revision);

        _agents.InForce(_configuration, Hops(1400));
        Assert.NotEqual(first.Revision, (await Get("web1")).Revision);
    }

    [Fact]
    public async Task Who_waits_is_told_of_others_and_of_nothing_after_a_while()
    {
        var first = await Get("web1");
        var waits = _agents.DutiesAsync("web1", first.Revision, TimeSpan.FromSeconds(30), CancellationToken.None);
        _agents.InForce(_configuration, Hops(1500));
        Assert.False(waits.IsCompleted);
        _agents.InForce(_configuration, Hops(1400));
        Assert.NotNull(await waits.WaitAsync(TimeSpan.FromSeconds(5), TestContext.Current.CancellationToken));

        var idle = _agents.DutiesAsync("web1", (await Get("web1")).Revision, TimeSpan.FromSeconds(30), CancellationToken.None);
        Assert.True(SpinWait.SpinUntil(() => _time.NextDue is not null, TimeSpan.FromSeconds(5)));
        _time.Advance(TimeSpan.FromSeconds(30));
        Assert.Null(await idle.WaitAsync(TimeSpan.FromSeconds(5), TestContext.Current.CancellationToken));
    }

    /// <summary>The agent that waits for duties is to report, and waits again meanwhile.</summary>
    [Fact]
    public async Task Who_waits_hears_of_a_hurry_once()
    {
        var revision = (await Get("web1")).Revision;
        var waits = _agents.DutiesAsync("web1", revision, TimeSpan.FromSeconds(30), CancellationToken.None);
        Assert.False(waits.IsCompleted);
        using (_agents.Hurry())
        {
            Assert.Null(await waits.WaitAsync(TimeSpan.FromSeconds(5), TestContext.Current.CancellationToken));
            waits = _agents.DutiesAsync("web1", revision, TimeSpan.FromSeconds(30), CancellationToken.None);
            Assert.False(waits.IsCompleted);
        }
        Assert.False(waits.IsCompleted);
        _agents.InForce(_configuration, Hops(1400));
        Assert.NotNull(await waits.WaitAsync(TimeSpan.FromSeconds(5), TestContext.Current.CancellationToken));
    }

    [Fact]
    public void A_wish_drains_and_is_withdrawn()
    {
        _agents.Report("web2", Report(OperatorWish.Draining));
        Assert.Equal([ServerState.Enabled, ServerState.Draining], States(_drains.On(_configuration)));

        // Another's wish is another wish.
        _drains.Set("web2", "sentinel", drains: true);
        _agents.Report("web2", Report(OperatorWish.Enabled));
        Assert.Equal([ServerState.Enabled, ServerState.Draining], States(_drains.On(_configuration)));
        _drains.Set("web2", "sentinel", drains: false);
        Assert.Same(_configuration, _drains.On(_configuration));
    }

    [Fact]
    public void A_wish_changes_nothing_that_the_file_has_as_disabled_and_no_other_pool()
    {
        var disabled = ConfigurationReader.Read(Yaml.Replace("10.0.0.12 }", "10.0.0.12, state: disabled }", StringComparison.Ordinal), null).Configuration!;
        _drains.Set("web2", "operator", drains: true);
        var drained = _drains.On(disabled);
        Assert.Equal([ServerState.Enabled, ServerState.Disabled], States(drained));
        Assert.Same(disabled.Pools[1], drained.Pools[1]);
    }

    [Fact]
    public void Reports_of_unknown_servers_are_refused_and_those_of_servers_that_go_are_forgotten()
    {
        Assert.Null(_agents.Report("web9", Report(OperatorWish.Enabled)));
        _agents.Report("dns2", Report(OperatorWish.Enabled));
        Assert.Single(_agents.All);
        _agents.InForce(ConfigurationReader.Read(Yaml.Replace("dns2", "dns3", StringComparison.Ordinal), null).Configuration!, Hops(1500));
        Assert.Empty(_agents.All);
    }

    [Fact]
    public void A_server_is_fit_as_long_as_its_agent_says_so()
    {
        var address = IPAddress.Parse("10.0.0.12");
        Assert.Null(_agents.IsFit("web2", address));
        _agents.Report("web2", Report(OperatorWish.Enabled));
        Assert.True(_agents.IsFit("web2", address));
        _agents.Report("web2", Report(OperatorWish.Enabled) with { Conditions = [new Condition(ConditionNames.Vip, "203.0.113.10", Verdict.Wrong, "absent", "on lo", "")] });
        Assert.False(_agents.IsFit("web2", address));
        _time.Advance(AgentRegistry.SilentAfter + TimeSpan.FromSeconds(1));
        Assert.Null(_agents.IsFit("web2", address));
    }

    [Fact]
    public void Agents_hurry_while_somebody_waits()
    {
        Assert.Null(_agents.Report("web2", Report(OperatorWish.Enabled))!.NextReportMilliseconds);
        using (_agents.Hurry())
            Assert.NotNull(_agents.Report("web2", Report(OperatorWish.Enabled))!.NextReportMilliseconds);
        Assert.Null(_agents.Report("web2", Report(OperatorWish.Enabled))!.NextReportMilliseconds);
    }

    [Fact]
    public async Task A_report_counts_as_later_only_when_it_was_made_after_the_mark()
    {
        var web2 = _configuration.Pools[0].Servers[1];
        var first = _agents.Report("web2", Report(OperatorWish.Enabled))!.Mark;
        var mark = _agents.Mark();
        Assert.True(mark > first);
        var waits = _agents.WaitForReportsAsync([web2], mark, TimeSpan.FromSeconds(30), CancellationToken.None);

        // On its way when the mark was made: it brings back what its agent knew.
        Assert.Equal(mark, _agents.Report("web2", Report(OperatorWish.Enabled) with { Mark = first })!.Mark);
        Assert.False(waits.IsCompleted);
        // A mark that was never given is none.
        _agents.Report("web2", Report(OperatorWish.Enabled) with { Mark = mark + 1 });
        Assert.False(waits.IsCompleted);
        _agents.Report("web2", Report(OperatorWish.Enabled) with { Mark = mark });
        Assert.Empty(await waits.WaitAsync(TimeSpan.FromSeconds(5), TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Who_reports_too_late_is_told_by_name_and_who_never_did_is_not_waited_for()
    {
        _agents.Report("web2", Report(OperatorWish.Enabled));
        var waits = _agents.WaitForReportsAsync(_configuration.Pools[0].Servers, _agents.Mark(), TimeSpan.FromSeconds(5), CancellationToken.None);
        Assert.True(SpinWait.SpinUntil(() => _time.NextDue is not null, TimeSpan.FromSeconds(5)));
        _time.Advance(TimeSpan.FromSeconds(5));
        Assert.Equal(["web2"], (await waits.WaitAsync(TimeSpan.FromSeconds(5), TestContext.Current.CancellationToken)).Select(static s => s.Name));
    }

    [Fact]
    public void Handshakes_that_get_nowhere_are_suspicious_and_others_are_not()
    {
        var heard = new List<string>();
        _agents.Suspected += (server, what) => heard.Add($"{server} {what}");
        var vip = IPAddress.Parse("203.0.113.10");
        void Counts(long syns, long synAcks, long resets = 0, string instance = "a") =>
            _agents.Report("web2", Report(OperatorWish.Enabled) with { Instance = instance, Traffic = [new VipTraffic(vip, syns, synAcks, resets)] });

        Counts(10, 10);
        Counts(12, 10);
        // Three without an answer, in two reports, are a sign; two were none.
        Assert.Empty(heard);
        Counts(13, 10);
        Assert.Equal(["10.0.0.12 gets connection requests to 203.0.113.10, and answers none"], heard);
        // One that is answered makes up for others, and so does a new start of the agent.
        Counts(15, 10);
        Counts(20, 11);
        Counts(22, 11);
        Counts(3, 0, instance: "b");
        Counts(5, 0, instance: "b");
        Assert.Single(heard);
        Counts(9, 0, 4, instance: "b");
        Assert.Equal("10.0.0.12 resets connections to 203.0.113.10, and accepts none", heard[^1]);
    }

    private async Task<Duties> Get(string server) => (await _agents.DutiesAsync(server, null, TimeSpan.Zero, CancellationToken.None))!;

    private static AgentReport Report(string wish) => new() { AgentVersion = "1.0", OperatingSystem = "linux", WallClock = DateTimeOffset.UnixEpoch, Wish = wish };

    private static ServerState[] States(Configuration configuration) => [.. configuration.Pools[0].Servers.Select(static s => s.State)];

    private static NextHops Hops(int mtu)
    {
        var egress = new EgressInterface(2, "eth0", new MacAddress(1), IPAddress.Parse("10.0.0.2"), mtu);
        return new NextHops([egress], new[] { "10.0.0.11", "10.1.0.11" }.ToDictionary(IPAddress.Parse, _ => new NextHop(egress, new MacAddress(2))), new Dictionary<IPAddress, string>());
    }
}
