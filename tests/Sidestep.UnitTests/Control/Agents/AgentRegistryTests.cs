using System.Net;
using Sidestep.Api;
using Sidestep.Control.Agents;
using Sidestep.Forwarding;
using Sidestep.Model;
using Sidestep.Packets;

namespace Sidestep.UnitTests.Control.Agents;

/// <summary>Which spec an agent gets and when, and what becomes of its reports.</summary>
public sealed class AgentRegistryTests
{
    private static readonly RealServerKey Web1 = RealServerKey.InDefault("web1");
    private static readonly RealServerKey Web2 = RealServerKey.InDefault("web2");
    private static readonly RealServerKey Dns2 = RealServerKey.InDefault("dns2");
    private const string Yaml = """
        node: { interfaces: [ { name: eth0 } ] }
        group: { hashKey: 5f1d3c0e8a7b46925d20c9e4b6a1f873, peers: [ 10.0.0.3 ] }
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
        _agents.Applied(new EffectiveConfiguration(_configuration), NextHopsWith(1500));
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
        Assert.Null(
            await _agents.GetSpecAsync(RealServerKey.InDefault("web9"), null, TimeSpan.Zero, CancellationToken.None));
    }

    [Fact]
    public async Task Revision_changes_only_when_the_spec_changes()
    {
        var first = await Get("web1");
        _agents.Applied(new EffectiveConfiguration(ConfigurationReader
            .Read(Yaml.Replace("10.0.0.12", "10.0.0.13", StringComparison.Ordinal), null).Configuration!),
            NextHopsWith(1500));
        Assert.Equal(first.Revision, (await Get("web1")).Revision);

        _agents.Applied(new EffectiveConfiguration(_configuration), NextHopsWith(1400));
        Assert.NotEqual(first.Revision, (await Get("web1")).Revision);
    }

    [Fact]
    public async Task Waiting_agent_receives_a_new_spec_or_null_after_the_timeout()
    {
        var first = await Get("web1");
        var pending = _agents.GetSpecAsync(Web1, first.Revision, TimeSpan.FromSeconds(30), CancellationToken.None);
        _agents.Applied(new EffectiveConfiguration(_configuration), NextHopsWith(1500));
        Assert.False(pending.IsCompleted);
        _agents.Applied(new EffectiveConfiguration(_configuration), NextHopsWith(1400));
        Assert.NotNull(await pending.WaitAsync(TimeSpan.FromSeconds(5), TestContext.Current.CancellationToken));

        var idle = _agents
            .GetSpecAsync(Web1, (await Get("web1")).Revision, TimeSpan.FromSeconds(30), CancellationToken.None);
        Assert.True(SpinWait.SpinUntil(() => _time.NextDue is not null, TimeSpan.FromSeconds(5)));
        _time.Advance(TimeSpan.FromSeconds(30));
        Assert.Null(await idle.WaitAsync(TimeSpan.FromSeconds(5), TestContext.Current.CancellationToken));
    }

    /// <summary>An agent that waits for a spec must report, and may wait again at once.</summary>
    [Fact]
    public async Task Waiting_agent_is_released_once_when_reports_are_expedited()
    {
        var revision = (await Get("web1")).Revision;
        var pending = _agents.GetSpecAsync(Web1, revision, TimeSpan.FromSeconds(30), CancellationToken.None);
        Assert.False(pending.IsCompleted);
        using (_agents.ExpediteReports())
        {
            Assert.Null(await pending.WaitAsync(TimeSpan.FromSeconds(5), TestContext.Current.CancellationToken));
            pending = _agents.GetSpecAsync(Web1, revision, TimeSpan.FromSeconds(30), CancellationToken.None);
            Assert.False(pending.IsCompleted);
        }
        Assert.False(pending.IsCompleted);
        _agents.Applied(new EffectiveConfiguration(_configuration), NextHopsWith(1400));
        Assert.NotNull(await pending.WaitAsync(TimeSpan.FromSeconds(5), TestContext.Current.CancellationToken));
    }

    [Fact]
    public void Reported_admin_state_drains_the_server_until_it_is_withdrawn()
    {
        _agents.Report(Web2, Report(AdminStates.Draining));
        Assert.Equal([ServerState.Enabled, ServerState.Draining],
            States(new EffectiveConfiguration(_configuration).WithDrains(_drains.Drains)));

        // Each source has a request of its own.
        _drains.Set(Web2, DrainSource.VipConflict, drains: true);
        _agents.Report(Web2, Report(AdminStates.Enabled));
        Assert.Equal([ServerState.Enabled, ServerState.Draining],
            States(new EffectiveConfiguration(_configuration).WithDrains(_drains.Drains)));
        _drains.Set(Web2, DrainSource.VipConflict, drains: false);
        Assert.Equal(_configuration.Pools, new EffectiveConfiguration(_configuration).WithDrains(_drains.Drains).Pools);
    }

    [Fact]
    public void Drain_request_affects_neither_disabled_servers_nor_other_pools()
    {
        var disabled = ConfigurationReader
            .Read(Yaml
            .Replace("10.0.0.12 }", "10.0.0.12, state: disabled }", StringComparison.Ordinal), null).Configuration!;
        _drains.Set(Web2, DrainSource.Operator, drains: true);
        var drained = new EffectiveConfiguration(disabled).WithDrains(_drains.Drains);
        Assert.Equal([ServerState.Enabled, ServerState.Disabled], States(drained));
        Assert.Same(disabled.Pools[1], drained.Pools[1]);
    }

    [Fact]
    public void Reports_of_unknown_servers_are_rejected_and_those_of_removed_servers_discarded()
    {
        Assert.Null(_agents.Report(RealServerKey.InDefault("web9"), Report(AdminStates.Enabled)));
        _agents.Report(Dns2, Report(AdminStates.Enabled));
        Assert.Single(_agents.All);
        _agents.Applied(
            new EffectiveConfiguration(ConfigurationReader
                .Read(Yaml.Replace("dns2", "dns3", StringComparison.Ordinal), null).Configuration!),
                NextHopsWith(1500));
        Assert.Empty(_agents.All);
    }

    [Fact]
    public void Server_is_healthy_while_its_agent_reports_so()
    {
        var web2 = new RealServer { Name = "web2", Address = IPAddress.Parse("10.0.0.12") };
        Assert.Null(_agents.IsHealthy(web2));
        _agents.Report(Web2, Report(AdminStates.Enabled));
        Assert.True(_agents.IsHealthy(web2));
        _agents.Report(Web2, Report(AdminStates.Enabled)
            with
        {
            Conditions =
                [new Condition(ConditionNames.Vip, "203.0.113.10", ConditionStatus.Wrong, "absent", "on lo", "")]
        });
        Assert.False(_agents.IsHealthy(web2));
        _time.Advance(AgentRegistry.SilentAfter + TimeSpan.FromSeconds(1));
        Assert.Null(_agents.IsHealthy(web2));
    }

    [Fact]
    public void Reports_are_requested_sooner_while_expedited()
    {
        Assert.Null(_agents.Report(Web2, Report(AdminStates.Enabled))!.NextReportMilliseconds);
        using (_agents.ExpediteReports())
            Assert.NotNull(_agents.Report(Web2, Report(AdminStates.Enabled))!.NextReportMilliseconds);
        Assert.Null(_agents.Report(Web2, Report(AdminStates.Enabled))!.NextReportMilliseconds);
    }

    [Fact]
    public async Task Report_counts_only_when_it_was_made_in_the_requested_epoch()
    {
        var web2 = _configuration.Pools[0].Servers[1];
        var first = _agents.Report(Web2, Report(AdminStates.Enabled))!.ReportEpoch;
        var epoch = _agents.BeginEpoch();
        Assert.True(epoch > first);
        var pending = _agents.WaitForReportsAsync([web2], epoch, TimeSpan.FromSeconds(30), CancellationToken.None);

        // It was in transit when the epoch began, so it carries the epoch that its agent knew.
        Assert.Equal(epoch, _agents
            .Report(Web2, Report(AdminStates.Enabled) with { ReportEpoch = first })!.ReportEpoch);
        Assert.False(pending.IsCompleted);
        // An epoch that never began does not count.
        _agents.Report(Web2, Report(AdminStates.Enabled) with { ReportEpoch = epoch + 1 });
        Assert.False(pending.IsCompleted);
        _agents.Report(Web2, Report(AdminStates.Enabled) with { ReportEpoch = epoch });
        Assert.Empty(await pending.WaitAsync(TimeSpan.FromSeconds(5), TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Late_servers_are_listed_by_name_and_servers_without_an_agent_are_not_awaited()
    {
        _agents.Report(Web2, Report(AdminStates.Enabled));
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
            _agents.Report(Web2, Report(AdminStates.Enabled)
                with
            { Instance = instance, Traffic = [new VipTraffic(vip, syns, synAcks, resets)] });

        Counts(10, 10);
        Counts(12, 10);
        // Three without a SYN-ACK, in two reports, are a signal; two were none.
        Assert.Empty(signals);
        Counts(13, 10);
        Assert.Equal(["10.0.0.12 receives connection requests to 203.0.113.10, answers none"], signals);
        // One SYN-ACK clears the count, and so does a restart of the agent.
        Counts(15, 10);
        Counts(20, 11);
        Counts(22, 11);
        Counts(3, 0, instance: "b");
        Counts(5, 0, instance: "b");
        Assert.Single(signals);
        Counts(9, 0, 4, instance: "b");
        Assert.Equal("10.0.0.12 resets connections to 203.0.113.10, accepts none", signals[^1]);
    }

    [Fact]
    public async Task Response_has_the_revision_of_the_spec_the_epoch_and_the_time()
    {
        _time.Advance(TimeSpan.FromSeconds(7));
        var response = _agents.Report(Web2, Report(AdminStates.Enabled))!;
        Assert.Equal((await Get("web2")).Revision, response.SpecRevision);
        Assert.Equal(DateTimeOffset.UnixEpoch.AddSeconds(7), response.WallClock);
        Assert.Equal(_agents.BeginEpoch(), response.ReportEpoch + 1);
        using (_agents.ExpediteReports())
            Assert.Equal(200, _agents.Report(Web2, Report(AdminStates.Enabled))!.NextReportMilliseconds);
    }

    [Fact]
    public void Epochs_of_a_later_process_are_greater()
    {
        var first = _agents.BeginEpoch();
        _time.Advance(TimeSpan.FromTicks(2));
        Assert.True(new AgentRegistry(_drains, "1.0", _time).BeginEpoch() > first);
    }

    [Fact]
    public async Task Registry_without_a_configuration_knows_no_server()
    {
        var agents = new AgentRegistry(_drains, "1.0", _time);
        Assert.False(agents.Knows(Web2));
        Assert.Null(agents.Report(Web2, Report(AdminStates.Draining)));
        Assert.False(agents.SetAdminState(Web2, new DrainRequest(AdminStates.Draining)));
        Assert.Null(await agents.GetSpecAsync(Web2, null, TimeSpan.FromSeconds(30), CancellationToken.None));
        Assert.Empty(_drains.Drains);
        Assert.Equal("1.0", agents.Version);
    }

    [Fact]
    public void Operator_may_set_the_admin_state_at_the_director()
    {
        Assert.False(_agents.SetAdminState(RealServerKey.InDefault("web9"), new DrainRequest(AdminStates.Draining)));
        Assert.True(
            _agents.SetAdminState(RealServerKey.InDefault("10.0.0.12"), new DrainRequest(AdminStates.Draining)));
        Assert.Equal([new ServerDrain(RealServerKey.InDefault("10.0.0.12"), DrainSource.Operator)], _drains.Drains);
        Assert.True(_agents.SetAdminState(RealServerKey.InDefault("10.0.0.12"), new DrainRequest(AdminStates.Enabled)));
        Assert.Empty(_drains.Drains);
    }

    [Fact]
    public void Newest_report_of_a_server_counts_whether_it_came_by_name_or_by_address()
    {
        var web2 = _configuration.Pools[0].Servers[1];
        Assert.Null(_agents.Find(web2));
        _agents.Report(RealServerKey.InDefault("10.0.0.12"), Report(AdminStates.Enabled) with { HostName = "first" });
        Assert.Equal(("web2", "first"), (_agents.Find(web2)!.Server.Name, _agents.Find(web2)!.Report.HostName));
        _time.Advance(TimeSpan.FromSeconds(1));
        _agents.Report(Web2, Report(AdminStates.Enabled) with { HostName = "second" });
        Assert.Equal("second", _agents.Find(web2)!.Report.HostName);
        _time.Advance(TimeSpan.FromSeconds(1));
        _agents.Report(RealServerKey.InDefault("10.0.0.12"), Report(AdminStates.Enabled) with { HostName = "third" });
        Assert.Equal("third", _agents.Find(web2)!.Report.HostName);
        Assert.Equal(DateTimeOffset.UnixEpoch.AddSeconds(2), _agents.Find(web2)!.At);
    }

    [Fact]
    public void Reports_are_listed_by_server()
    {
        foreach (var server in new[] { "web2", "dns2", "web1" })
            _agents.Report(RealServerKey.InDefault(server), Report(AdminStates.Enabled));
        Assert.Equal(["dns2", "web1", "web2"], _agents.All.Select(static r => r.Server.ToString()));
    }

    [Fact]
    public void Change_is_raised_for_the_first_report_another_health_and_the_first_after_a_gap()
    {
        var changes = 0;
        _agents.Changed += () => changes++;
        var wrong = Report(AdminStates.Enabled)
            with
        { Conditions = [new Condition(ConditionNames.Vip, "", ConditionStatus.Wrong, "", "", "")] };
        int After(AgentReport report)
        {
            _agents.Report(Web2, report);
            return changes;
        }
        Assert.Equal([1, 1, 2, 2, 3],
            new[] { Report(AdminStates.Enabled), Report(AdminStates.Enabled), wrong, wrong,
                Report(AdminStates.Enabled) }.Select(After));
        _time.Advance(AgentRegistry.SilentAfter);
        Assert.Equal(3, After(Report(AdminStates.Enabled)));
        _time.Advance(AgentRegistry.SilentAfter + TimeSpan.FromTicks(1));
        Assert.Equal(4, After(Report(AdminStates.Enabled)));
    }

    [Fact]
    public void Health_is_unknown_six_seconds_after_the_last_report()
    {
        var web2 = new RealServer { Name = "web2", Address = IPAddress.Parse("10.0.0.12") };
        _agents.Report(Web2, Report(AdminStates.Enabled));
        _time.Advance(TimeSpan.FromSeconds(6));
        Assert.True(_agents.IsHealthy(web2));
        _time.Advance(TimeSpan.FromTicks(1));
        Assert.Null(_agents.IsHealthy(web2));
    }

    [Fact]
    public void Passive_signal_names_every_address_of_the_host()
    {
        var signals = new List<string>();
        _agents.PassiveSignalRaised += (server, what) => signals.Add($"{server} {what}");
        var vip = IPAddress.Parse("203.0.113.10");
        _agents.Report(Web1, Report(AdminStates.Enabled) with { Traffic = [new VipTraffic(vip, 0, 0)] });
        _agents.Report(Web1, Report(AdminStates.Enabled) with { Traffic = [new VipTraffic(vip, 3, 0)] });
        const string Text = "receives connection requests to 203.0.113.10, answers none";
        Assert.Equal([$"10.0.0.11 {Text}", $"10.1.0.11 {Text}"], signals);
    }

    [Fact]
    public void Removed_server_loses_its_handshake_counts()
    {
        var signals = 0;
        _agents.PassiveSignalRaised += (_, _) => signals++;
        var vip = IPAddress.Parse("203.0.113.10");
        void Syns(long syns) => _agents
            .Report(Dns2, Report(AdminStates.Enabled) with { Traffic = [new VipTraffic(vip, syns, 0)] });
        Syns(0);
        Syns(2);
        _agents.Applied(
            new EffectiveConfiguration(ConfigurationReader
                .Read(Yaml.Replace("dns2", "dns3", StringComparison.Ordinal), null).Configuration!),
                NextHopsWith(1500));
        _agents.Applied(new EffectiveConfiguration(_configuration), NextHopsWith(1500));
        Syns(2);
        Syns(3);
        Assert.Equal(0, signals);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(-1)]
    public void Step_of_the_wall_clock_makes_no_agent_silent_and_shows_in_the_time_of_its_report(int hours)
    {
        var web2 = new RealServer { Name = "web2", Address = IPAddress.Parse("10.0.0.12") };
        _agents.Report(Web2, Report(AdminStates.Enabled));
        _time.WallClockStep = TimeSpan.FromHours(hours);
        Assert.True(_agents.IsHealthy(web2));
        Assert.Equal(_time.GetUtcNow(), _agents.Find(web2)!.At);
        Assert.Equal(_time.GetUtcNow(), Assert.Single(_agents.All).At);
        _time.Advance(AgentRegistry.SilentAfter + TimeSpan.FromTicks(1));
        Assert.Null(_agents.IsHealthy(web2));
    }

    [Fact]
    public async Task Server_that_became_silent_is_not_awaited()
    {
        _agents.Report(Web2, Report(AdminStates.Enabled));
        _time.Advance(AgentRegistry.SilentAfter + TimeSpan.FromTicks(1));
        Assert.Empty(await _agents.WaitForReportsAsync(
            _configuration.Pools[0].Servers, _agents.BeginEpoch(), TimeSpan.FromSeconds(30), CancellationToken.None));
    }

    [Fact]
    public async Task Wait_without_time_lists_the_servers_at_once()
    {
        _agents.Report(Web2, Report(AdminStates.Enabled));
        Assert.Equal(["web2"], (await _agents.WaitForReportsAsync(
            _configuration.Pools[0].Servers, _agents.BeginEpoch(), TimeSpan.Zero, CancellationToken.None))
                .Select(static s => s.Name));
    }

    [Fact]
    public async Task Cancelled_waits_end()
    {
        using var stop = new CancellationTokenSource();
        _agents.Report(Web2, Report(AdminStates.Enabled));
        var reports = _agents
            .WaitForReportsAsync(_configuration.Pools[0].Servers, _agents.BeginEpoch(), TimeSpan
            .FromSeconds(30), stop.Token);
        var spec = _agents.GetSpecAsync(Web2, (await Get("web2")).Revision, TimeSpan.FromSeconds(30), stop.Token);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => reports);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => spec);
    }

    [Fact]
    public async Task Spec_is_issued_at_the_time_of_its_delivery()
    {
        _time.Advance(TimeSpan.FromSeconds(9));
        Assert.Equal(DateTimeOffset.UnixEpoch.AddSeconds(9), (await Get("web1")).Issued);
        Assert.Null(await _agents
            .GetSpecAsync(Web1, (await Get("web1")).Revision, TimeSpan.Zero, CancellationToken.None));
    }

    [Fact]
    public async Task Waiting_agent_of_a_server_that_is_removed_gets_null()
    {
        var pending = _agents
            .GetSpecAsync(Dns2, (await Get("dns2")).Revision, TimeSpan.FromSeconds(30), CancellationToken.None);
        _agents.Applied(
            new EffectiveConfiguration(ConfigurationReader
                .Read(Yaml.Replace("dns2", "dns3", StringComparison.Ordinal), null).Configuration!),
                NextHopsWith(1500));
        // dns2's address is still that of a server, its name is not.
        Assert.Null(await pending.WaitAsync(TimeSpan.FromSeconds(5), TestContext.Current.CancellationToken));
    }

    private async Task<ServerSpec> Get(string server) => (await _agents
        .GetSpecAsync(RealServerKey.InDefault(server), null, TimeSpan.Zero, CancellationToken.None))!;

    private static AgentReport Report(string adminState) =>
        new()
        {
            AgentVersion = "1.0",
            OperatingSystem = "linux",
            WallClock = DateTimeOffset.UnixEpoch,
            AdminState =
            adminState
        };

    private static ServerState[] States(EffectiveConfiguration configuration) => [.. configuration.Pools[0].Servers
        .Select(static s => s.State)];

    private static NextHops NextHopsWith(int mtu)
    {
        var egress = new EgressInterface(2, "eth0", new MacAddress(1), IPAddress.Parse("10.0.0.2"), mtu);
        return new NextHops([egress],
            new[] { "10.0.0.11", "10.1.0.11" }.ToDictionary(VrfAddress.Parse, _ =>
                new NextHop(egress, new MacAddress(2))), new Dictionary<VrfAddress, string>());
    }
}
