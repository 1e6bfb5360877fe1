using System.Net;
using Sidestep.Control.Health;
using Sidestep.Forwarding;
using Sidestep.Model;

namespace Sidestep.UnitTests.Control.Health;

public sealed class HealthBookTests
{
    private static readonly IPAddress Vip = IPAddress.Parse("192.0.2.1"), One = IPAddress.Parse("10.0.0.11"), Two = IPAddress.Parse("10.0.0.12");
    private static readonly GroupKey Group = new("pool", Way.Layer2);

    private static readonly HealthMonitor Path = new() { Name = "path", Type = MonitorType.Tcp };
    private static readonly HealthMonitor Own = new() { Name = "own", Type = MonitorType.Tcp, Probe = ProbeWay.Server };

    private readonly List<string> _said = [];
    private readonly Agents _agents = new();
    private int _changes;

    [Fact]
    public void A_new_server_is_unfit_until_it_is_proven_and_the_tables_follow()
    {
        var (book, configuration) = Book();
        Assert.Equal([], Members(book, configuration));

        Give(book, One, "path", "gg");
        Assert.Equal(["10.0.0.11"], Members(book, configuration));
        Assert.Equal(1, _changes);

        Give(book, One, "path", "bb");
        Assert.Equal([], Members(book, configuration));
        Assert.Equal(["server1 fit", "server1 unfit: path, 192.0.2.1 80: no answer"], _said);
    }

    [Fact]
    public void All_of_a_failed_server_moves_at_once()
    {
        var (book, configuration) = Book();
        Give(book, One, "path", "gg");
        Give(book, Two, "path", "gg");
        var before = Compile(book, configuration, null);
        Give(book, One, "path", "bb");
        var after = Compile(book, configuration, before);

        var failed = after.Groups[0].Servers[0];
        Assert.Equal((FlowState.Move, 0, true), (failed.Flows, failed.Weight, failed.HasFailed));
        Assert.DoesNotContain(0, after.Groups[0].Transition?.Former ?? []);
    }

    [Fact]
    public void The_VIP_goes_out_of_service_with_the_last_server()
    {
        var (book, configuration) = Book();
        Assert.False(Compile(book, configuration, null).Vips[0].AnswersArp);
        Give(book, One, "path", "gg");
        Assert.True(Compile(book, configuration, null).Vips[0].AnswersArp);
    }

    [Fact]
    public void After_a_restart_servers_keep_their_state_until_the_first_verdict()
    {
        var (first, configuration) = Book();
        Give(first, One, "path", "gg");
        var left = new RunningGroups(default, Compile(first, configuration, null).Groups);

        var (book, _) = Book(running: left, configuration: configuration);
        Assert.Equal(["10.0.0.11"], Members(book, configuration));
        Give(book, One, "path", "bb");
        Assert.Equal([], Members(book, configuration));
    }

    [Fact]
    public void Where_the_tables_of_the_former_version_are_lost_its_report_says_who_had_traffic()
    {
        var (first, _) = Book();
        Give(first, One, "path", "gg");
        var report = new HealthReport { At = DateTimeOffset.UnixEpoch, Probes = new ProbeFigures(), Servers = first.ReportIfChanged()!.Value };

        var (book, configuration) = Book(reported: report);
        Assert.Equal(["10.0.0.11"], Members(book, configuration));
        Give(book, Two, "path", "gg");
        Give(book, One, "path", "bb");
        Assert.Equal(["10.0.0.12"], Members(book, configuration));

        // Tables know better.
        var (adopting, _) = Book(running: new RunningGroups(default, []), reported: report);
        Assert.Equal([], Members(adopting, configuration));
    }

    [Fact]
    public void Another_way_to_a_pool_is_no_reason_to_be_unfit()
    {
        var (book, configuration) = Book();
        Give(book, One, "path", "gg");
        _ = Compile(book, configuration, null);
        var routed = configuration with { NetworkProfiles = [configuration.NetworkProfiles[0] with { DsrType = DsrType.L3 }] };
        Assert.Equal(["10.0.0.11"], Members(book, routed));
    }

    [Fact]
    public void Without_the_DSR_path_nothing_else_counts()
    {
        var (book, configuration) = Book(Healthy.Any, Path, Own);
        Give(book, One, "own", "gg", throughDsrPath: false);
        Assert.Equal([], Members(book, configuration));
        Give(book, One, "path", "gg");
        Assert.Equal(["10.0.0.11"], Members(book, configuration));
        Give(book, One, "own", "bb", throughDsrPath: false);
        Assert.Equal(["10.0.0.11"], Members(book, configuration));
        Assert.Equal(("up", "down"), Lights(book));
        Give(book, One, "path", "bb");
        Assert.Equal([], Members(book, configuration));
    }

    [Fact]
    public void All_wants_every_monitor()
    {
        var (book, configuration) = Book(Healthy.All, Path, Own);
        Give(book, One, "path", "gg");
        Assert.Equal([], Members(book, configuration));
        Give(book, One, "own", "gg", throughDsrPath: false);
        Assert.Equal(["10.0.0.11"], Members(book, configuration));
    }

    [Fact]
    public void Admission_waits_for_the_agent_and_does_not_end_with_its_silence()
    {
        var (book, configuration) = Book(admission: new Admission(1, RequireAgent: true));
        Give(book, One, "path", "gg");
        Assert.Equal([], Members(book, configuration));
        Assert.True(Assert.Single(book.ReportIfChanged()!.Value, static s => s.Name == "server1").WaitsForAgent);
        _agents.Say(One, true);
        Assert.Equal(["10.0.0.11"], Members(book, configuration));
        _agents.Say(One, null);
        Assert.Equal(["10.0.0.11"], Members(book, configuration));
    }

    [Fact]
    public void A_server_that_left_has_to_prove_itself_again()
    {
        var (book, configuration) = Book();
        Give(book, One, "path", "gg");
        var pool = configuration.Pools[0];
        var disabled = configuration with { Pools = [pool with { Servers = [pool.Servers[0] with { State = Sidestep.Model.ServerState.Disabled }, pool.Servers[1]] }] };
        _ = Compile(book, disabled, null);
        Assert.Equal([], Members(book, configuration));
    }

    private (HealthBook, Configuration) Book(
        Healthy healthy = default, HealthMonitor? first = null, HealthMonitor? second = null, Admission? admission = null, RunningGroups? running = null,
        Configuration? configuration = null, HealthReport? reported = null)
    {
        var book = new HealthBook(TimeProvider.System, running, reported, _agents,
            c => _said.Add($"{c.Server.Name} {(c.IsFit ? "fit" : $"unfit: {c.Reason}")}"));
        book.Changed += () => _changes++;
        HealthMonitor[] monitors = second is null ? [first ?? Path] : [first!, second];
        configuration ??= LoopFixture.WithServers(new RealServer { Name = "server1", Address = One }, new RealServer { Name = "server2", Address = Two });
        configuration = configuration with
        {
            HealthMonitors = [.. monitors],
            Pools = [configuration.Pools[0] with { Monitors = [.. monitors.Select(static m => m.Name)], Healthy = healthy, Admission = admission ?? Admission.Default }],
            VirtualServices = [configuration.VirtualServices[0] with { Protocol = TransportProtocol.Tcp, Ports = [PortRange.One(80)] }],
        };
        _ = Compile(book, configuration, null);
        return (book, configuration);
    }

    private static ForwardingTables Compile(HealthBook book, Configuration configuration, ForwardingTables? previous)
    {
        var health = book.Judge(configuration);
        var hop = new NextHop(new EgressInterface(1, "eth0", default, IPAddress.Parse("10.0.0.1"), 1500), default);
        var hops = new NextHops([hop.Egress], new Dictionary<IPAddress, NextHop> { [One] = hop, [Two] = hop }, new Dictionary<IPAddress, string>());
        var tables = TableCompiler.Compile(configuration, hops, previous, DateTimeOffset.UnixEpoch, health: health);
        book.InForce(configuration, tables, health);
        return tables;
    }

    private static string[] Members(HealthBook book, Configuration configuration) =>
        [.. Compile(book, configuration, null).Groups[0].Slots.Members.Select(static m => m.Address.ToString())];

    private static void Give(HealthBook book, IPAddress server, string monitor, string outcomes, bool throughDsrPath = true)
    {
        foreach (var outcome in outcomes)
            book.Take(new CheckKey(Group, server, monitor, throughDsrPath ? Vip : server, 80, throughDsrPath), outcome == 'g' ? ProbeOutcome.Good : ProbeOutcome.Bad("no answer"));
    }

    private static (string, string) Lights(HealthBook book)
    {
        var server = Assert.Single(book.ReportIfChanged()!.Value, static s => s.Name == "server1");
        return (server.DsrPath, server.Service);
    }

    private sealed class Agents : IAgentReports
    {
        public event Action<IPAddress, string>? Suspected
        {
            add { }
            remove { }
        }

        private readonly Dictionary<IPAddress, bool?> _fit = [];

        public event Action? Changed;

        public bool? IsFit(string name, IPAddress address) => _fit.GetValueOrDefault(address);

        public void Say(IPAddress server, bool? isFit)
        {
            _fit[server] = isFit;
            Changed?.Invoke();
        }
    }
}
