using System.Net;
using Sidestep.Api;
using Sidestep.Control.Agents;
using Sidestep.Forwarding;
using Sidestep.Model;
using Sidestep.Packets;

namespace Sidestep.UnitTests.Control.Agents;

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
          - { name: www, vips: [ 203.0.113.10, "2001:db8:113::10" ], protocol: tcp, ports: [ 80, 8000-8099 ],
              pool: web, networkProfile: near }
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
        _agents.Applied(new EffectiveConfiguration(_configuration), Hops(1500));
    }

    [Fact]
    public async Task Host_named_in_several_pools_gets_the_spec_of_all_of_them()
    {
        var spec = await Get("web1");

        Assert.Equal(["10.0.0.2", "10.0.0.3"], spec.Directors.Select(static d => d.ToString()));
        Assert.Equal(["dns", "www"], spec.Services.Select(static s => s.Name));
        var (dns, www) = (spec.Services[0], spec.Services[1]);
        Assert.Equal(("l3", "gue", 6081, "10.1.0.11"), (dns.Dsr, dns.Encapsulation, dns.GuePort,
            dns.Server!.ToString()));
        Assert.Equal(new PathMtu(1500, 32, 1428, 1408), dns.PathMtu);
        Assert.Equal(("l2", null, null), (www.Dsr, www.Encapsulation, www.GuePort));
        Assert.Equal(["80", "8000-8099"], www.Ports);
        Assert.Equal(new PathMtu(1500, 0, 1460, 1440), www.PathMtu);
    }

    [Fact]
    public async Task Server_is_also_found_by_its_address()
    {
        Assert.Equal(["dns"], (await Get("2001:db8::12")).Services.Select(static s => s.Name));
        Assert.Null(await _agents.GetSpecAsync("web9", null, TimeSpan.Zero, CancellationToken.None));
    }

    [Fact]
    public async Task Revision_changes_only_when_the_spec_changes()
    {
        var first = await Get("web1");
        _agents.Applied(new EffectiveConfiguration(ConfigurationReader
            .Read(Yaml.Replace("10.0.0.12", "10.0.0.13", StringComparison.Ordinal), null).Configuration!), Hops(1500));
        Assert.Equal(first.Revision, (await Get("web1")).Revision);

        _agents.Applied(new EffectiveConfiguration(_configuration), Hops(1400));
        Assert.NotEqual(first.Revision, (await Get("web1")).Revision);
    }

    [Fact]
    public async Task Waiting_agent_receives_a_new_spec_or_null_after_the_timeout()
    {
        var first = await Get("web1");
        var pending = _agents.GetSpecAsync("web1", first.Revision, TimeSpan.FromSeconds(30), CancellationToken.None);
        _agents.Applied(new EffectiveConfiguration(_configuration), Hops(1500));
        Assert.False(pending.IsCompleted);
        _agents.Applied(new EffectiveConfiguration(_configuration), Hops(1400));
        Assert.NotNull(await pending.WaitAsync(TimeSpan.FromSeconds(5), TestContext.Current.CancellationToken));

        var idle = _agents
            .GetSpecAsync("web1", (await Get("web1")).Revision, TimeSpan.FromSeconds(30), CancellationToken.None);
        Assert.True(SpinWait.SpinUntil(() => _time.NextDue is not null, TimeSpan.FromSeconds(5)));
        _time.Advance(TimeSpan.FromSeconds(30));
        Assert.Null(await idle.WaitAsync(TimeSpan.FromSeconds(5), TestContext.Current.CancellationToken));
    }

    /// <summary>The agent that waits for duties is to report, and waits again meanwhile.</summary>
    [Fact]
    public async Task Waiting_agent_is_released_once_when_reports_are_expedited()
    {
        var revision = (await Get("web1")).Revision;
        var pending = _agents.GetSpecAsync("web1", revision, TimeSpan.FromSeconds(30), CancellationToken.None);
        Assert.False(pending.IsCompleted);
        using (_agents.ExpediteReports())
        {
            Assert.Null(await pending.WaitAsync(TimeSpan.FromSeconds(5), TestContext.Current.CancellationToken));
            pending = _agents.GetSpecAsync("web1", revision, TimeSpan.FromSeconds(30), CancellationToken.None);
            Assert.False(pending.IsCompleted);
        }
        Assert.False(pending.IsCompleted);
        _agents.Applied(new EffectiveConfiguration(_configuration), Hops(1400));
        Assert.NotNull(await pending.WaitAsync(TimeSpan.FromSeconds(5), TestContext.Current.CancellationToken));
    }

    [Fact]
    public void Reported_admin_state_drains_the_server_until_it_is_withdrawn()
    {
        _agents.Report("web2", Report(AdminStates.Draining));
        Assert.Equal([ServerState.Enabled, ServerState.Draining], States(_drains.ApplyTo(_configuration)));

        // Each source has a request of its own.
        _drains.Set("web2", DrainSource.VipConflict, drains: true);
        _agents.Report("web2", Report(AdminStates.Enabled));
        Assert.Equal([ServerState.Enabled, ServerState.Draining], States(_drains.ApplyTo(_configuration)));
        _drains.Set("web2", DrainSource.VipConflict, drains: false);
        Assert.Equal(_configuration.Pools, _drains.ApplyTo(_configuration).Pools);
    }

    [Fact]
    public void Drain_request_affects_neither_disabled_servers_nor_other_pools()
    {
        var disabled = ConfigurationReader
            .Read(Yaml
            .Replace("10.0.0.12 }", "10.0.0.12, state: disabled }", StringComparison.Ordinal), null).Configuration!;
        _drains.Set("web2", DrainSource.Operator, drains: true);
        var drained = _drains.ApplyTo(disabled);
        Assert.Equal([ServerState.Enabled, ServerState.Disabled], States(drained));
        Assert.Same(disabled.Pools[1], drained.Pools[1]);
    }

    [Fact]
    public void Reports_of_unknown_servers_are_rejected_and_those_of_removed_servers_discarded()
    {
        Assert.Null(_agents.Report("web9", Report(AdminStates.Enabled)));
        _agents.Report("dns2", Report(AdminStates.Enabled));
        Assert.Single(_agents.All);
        _agents.Applied(
            new EffectiveConfiguration(ConfigurationReader
                .Read(Yaml.Replace("dns2", "dns3", StringComparison.Ordinal), null).Configuration!), Hops(1500));
        Assert.Empty(_agents.All);
    }

    [Fact]
    public void Server_is_healthy_while_its_agent_reports_so()
    {
        var address = IPAddress.Parse("10.0.0.12");
        Assert.Null(_agents.IsHealthy("web2", address));
        _agents.Report("web2", Report(AdminStates.Enabled));
        Assert.True(_agents.IsHealthy("web2", address));
        _agents.Report("web2", Report(AdminStates.Enabled)
            with { Conditions =
                [new Condition(ConditionNames.Vip, "203.0.113.10", ConditionStatus.Wrong, "absent", "on lo", "")] });
        Assert.False(_agents.IsHealthy("web2", address));
        _time.Advance(AgentRegistry.SilentAfter + TimeSpan.FromSeconds(1));
        Assert.Null(_agents.IsHealthy("web2", address));
    }

    [Fact]
    public void Reports_are_requested_sooner_while_expedited()
    {
        Assert.Null(_agents.Report("web2", Report(AdminStates.Enabled))!.NextReportMilliseconds);
        using (_agents.ExpediteReports())
            Assert.NotNull(_agents.Report("web2", Report(AdminStates.Enabled))!.NextReportMilliseconds);
        Assert.Null(_agents.Report("web2", Report(AdminStates.Enabled))!.NextReportMilliseconds);
    }

    [Fact]
    public async Task Report_counts_only_when_it_was_made_in_the_requested_epoch()
    {
        var web2 = _configuration.Pools[0].Servers[1];
        var first = _agents.Report("web2", Report(AdminStates.Enabled))!.ReportEpoch;
        var epoch = _agents.BeginEpoch();
        Assert.True(epoch > first);
        var pending = _agents.WaitForReportsAsync([web2], epoch, TimeSpan.FromSeconds(30), CancellationToken.None);

        // On its way when the mark was made: it brings back what its agent knew.
        Assert.Equal(epoch, _agents
            .Report("web2", Report(AdminStates.Enabled) with { ReportEpoch = first })!.ReportEpoch);
        Assert.False(pending.IsCompleted);
        // A mark that was never given is none.
        _agents.Report("web2", Report(AdminStates.Enabled) with { ReportEpoch = epoch + 1 });
        Assert.False(pending.IsCompleted);
        _agents.Report("web2", Report(AdminStates.Enabled) with { ReportEpoch = epoch });
        Assert.Empty(await pending.WaitAsync(TimeSpan.FromSeconds(5), TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Late_servers_are_listed_by_name_and_servers_without_an_agent_are_not_awaited()
    {
        _agents.Report("web2", Report(AdminStates.Enabled));
        var pending = _agents
            .WaitForReportsAsync(_configuration.Pools[0].Servers, _agents.BeginEpoch(), TimeSpan
            .FromSeconds(5), CancellationToken.None);
        Assert.True(SpinWait.SpinUntil(() => _time.NextDue is not null, TimeSpan.FromSeconds(5)));
        _time.Advance(TimeSpan.FromSeconds(5));
        Assert.Equal(["web2"], (await pending.WaitAsync(TimeSpan.FromSeconds(5), TestContext.Current.CancellationToken))
            .Select(static s => s.Name));
    }

    [Fact]
    public void Unanswered_handshakes_raise_a_passive_signal_and_answered_ones_do_not()
    {
        var signals = new List<string>();
        _agents.PassiveSignalRaised += (server, what) => signals.Add($"{server} {what}");
        var vip = IPAddress.Parse("203.0.113.10");
        void Counts(long syns, long synAcks, long resets = 0, string instance = "a") =>
            _agents.Report("web2", Report(AdminStates.Enabled)
                with { Instance = instance, Traffic = [new VipTraffic(vip, syns, synAcks, resets)] });

        Counts(10, 10);
        Counts(12, 10);
        // Three without an answer, in two reports, are a sign; two were none.
        Assert.Empty(signals);
        Counts(13, 10);
        Assert.Equal(["10.0.0.12 receives connection requests to 203.0.113.10, answers none"], signals);
        // One that is answered makes up for others, and so does a new start of the agent.
        Counts(15, 10);
        Counts(20, 11);
        Counts(22, 11);
        Counts(3, 0, instance: "b");
        Counts(5, 0, instance: "b");
        Assert.Single(signals);
        Counts(9, 0, 4, instance: "b");
        Assert.Equal("10.0.0.12 resets connections to 203.0.113.10, accepts none", signals[^1]);
    }

    private async Task<ServerSpec> Get(string server) => (await _agents
        .GetSpecAsync(server, null, TimeSpan.Zero, CancellationToken.None))!;

    private static AgentReport Report(string adminState) =>
        new() { AgentVersion = "1.0", OperatingSystem = "linux", WallClock = DateTimeOffset.UnixEpoch, AdminState =
            adminState };

    private static ServerState[] States(EffectiveConfiguration configuration) => [.. configuration.Pools[0].Servers
        .Select(static s => s.State)];

    private static NextHops Hops(int mtu)
    {
        var egress = new EgressInterface(2, "eth0", new MacAddress(1), IPAddress.Parse("10.0.0.2"), mtu);
        return new NextHops([egress],
            new[] { "10.0.0.11", "10.1.0.11" }.ToDictionary(IPAddress.Parse, _ =>
                new NextHop(egress, new MacAddress(2))), new Dictionary<IPAddress, string>());
    }
}
