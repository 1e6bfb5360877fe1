using System.Net;
using Sidestep.Control.Health;
using Sidestep.Daemon.Probes;
using Sidestep.Forwarding;
using Sidestep.Model;

namespace Sidestep.UnitTests.Daemon.Probes;

public sealed class DsrProbePathTests
{
    private static readonly GroupKey Group = new(PoolKey.InDefault("web"), Encap.Layer2);
    private static readonly VrfAddress Server = VrfAddress.Parse("10.0.0.11");
    private static readonly IPAddress Vip = IPAddress.Parse("203.0.113.10");
    private static readonly NextHop NextHopEntry = new(TestDirector.Eth0, TestDirector.Web1);
    private readonly FakeLinks _links = new();
    private readonly DsrProbePath _path;

    public DsrProbePathTests() => _path = new DsrProbePath(_links, TimeProvider.System);

    [Fact]
    public async Task Server_that_is_not_in_the_tables_is_not_probed()
    {
        var notYet = ProbeResult.NotSent("the server is not in the forwarding tables yet");
        Assert.Equal(notYet, await DsrAsync());
        Update(Entry(NextHopEntry), id: null);
        Assert.Equal(notYet, await DsrAsync());
        Assert.False(await EchoAsync());
    }

    [Theory]
    [InlineData(null, "no next hop is known")]
    [InlineData("layer 2 does not reach it through a router", "layer 2 does not reach it through a router")]
    public async Task Server_without_a_next_hop_fails_with_the_obstacle(string? obstacle, string failure)
    {
        Update(Entry(null) with { Obstacle = obstacle });
        Assert.Equal(ProbeResult.Failure(failure), await DsrAsync());
    }

    [Fact]
    public async Task Server_that_this_machine_cannot_reach_is_not_judged()
    {
        _links.Error = "Network is unreachable";
        Update(Entry(null));
        Assert.Equal(ProbeResult.NotSent("the director cannot reach the server: Network is unreachable"),
            await DsrAsync());
    }

    /// <summary>The link of the server's next hop, also for a probe to the server's own address.</summary>
    [Fact]
    public async Task Failure_during_an_interruption_of_the_link_says_nothing_about_the_server()
    {
        Update(Entry(NextHopEntry));
        Assert.Contains(TestDirector.Eth0.Index, _links.Watched);
        var check = Check(false, IPAddress.Loopback, LocalServer.Closed().Port);
        Assert.Equal(ProbeResultKind.Failure,
            (await _path.ProbeAsync(check, TestContext.Current.CancellationToken)).Kind);
        _links.Interrupted.Add(TestDirector.Eth0.Index);
        Assert.Equal(ProbeResult.NotSent("the director cannot reach the server: no carrier"),
            await _path.ProbeAsync(check, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Director_that_is_the_server_itself_is_exempt()
    {
        Update(Entry(NextHopEntry with { IsLocal = true }));
        Assert.Equal(ProbeResult.Exempt("the director itself is the server"), await DsrAsync());
        Assert.Null(_path.PathMtuOf(Group, Server));
    }

    [Theory]
    [InlineData("203.0.113.10", "eth0 has no IPv4 address for replies: give it one")]
    [InlineData("2001:db8:113::10", "eth0 has no global IPv6 address for replies: give it one")]
    public async Task Interface_without_a_source_address_sends_no_probe(string vip, string reason)
    {
        Update(Entry(NextHopEntry with { Egress = TestDirector.Eth0 with { Address = null, Address6 = null } }));
        Assert.Equal(ProbeResult.NotSent(reason),
            await _path.ProbeAsync(Check(true, IPAddress.Parse(vip), 80), TestContext.Current.CancellationToken));
    }

    /// <summary>RFC 2003 adds 20 bytes, RFC 2473 adds 40; GRE (RFC 2784) adds 4, UDP and GUE add 12.</summary>
    [Theory]
    [InlineData(ForwardingMode.L2, "10.0.0.11", 1500)]
    [InlineData(ForwardingMode.IpIp, "10.0.0.11", 1480)]
    [InlineData(ForwardingMode.Gre, "10.0.0.11", 1476)]
    [InlineData(ForwardingMode.Gue, "10.0.0.11", 1468)]
    [InlineData(ForwardingMode.IpIp, "2001:db8::11", 1460)]
    [InlineData(ForwardingMode.Gue, "2001:db8::11", 1448)]
    public void Path_MTU_is_that_of_the_interface_without_the_outer_header(ForwardingMode mode, string server, int mtu)
    {
        var entry = Entry(NextHopEntry) with
        {
            Address = IPAddress.Parse(server),
            Encap = new Encap(mode),
        };
        Update(entry);
        Assert.Equal(mtu, _path.PathMtuOf(Group, entry.VrfAddress));
        Assert.Null(_path.PathMtuOf(Group, VrfAddress.Parse("10.0.0.99")));
    }

    [Fact]
    public void Removed_servers_and_groups_have_no_path()
    {
        var other = VrfAddress.Parse("10.0.0.12");
        Update(Entry(NextHopEntry), Entry(NextHopEntry) with { Address = other.Address });
        Assert.NotNull(_path.PathMtuOf(Group, other));
        Update(Entry(NextHopEntry));
        Assert.Null(_path.PathMtuOf(Group, other));
        Assert.NotNull(_path.PathMtuOf(Group, Server));
        _path.Update(Tables(), static (_, _) => 7);
        Assert.Null(_path.PathMtuOf(Group, Server));
    }

    [Fact]
    public void Unchanged_group_gets_no_second_lookup()
    {
        var group = Of(Entry(NextHopEntry));
        var lookups = 0;
        for (var i = 0; i < 2; i++)
            _path.Update(Tables(group), (_, _) => ++lookups);
        Assert.Equal(1, lookups);
    }

    [Fact]
    public async Task Probe_to_the_servers_own_address_needs_no_path()
    {
        var (endpoint, _) = LocalServer.Tcp("", [], staysOpen: true);
        Assert.Equal(ProbeResult.Success,
            await _path.ProbeAsync(Check(false, IPAddress.Loopback, endpoint.Port),
            TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Refused_probe_is_a_failure()
    {
        var closed = LocalServer.Closed();
        var result = await _path.ProbeAsync(Check(false, IPAddress.Loopback, closed.Port),
            TestContext.Current.CancellationToken);
        Assert.Equal((ProbeResultKind.Failure, "Connection refused"), (result.Kind, result.Reason));
    }

    [Fact]
    public async Task Probe_without_a_reply_fails_after_its_timeout()
    {
        var (endpoint, _) = LocalServer.Tcp("x", [], staysOpen: true);
        var check = Check(false, IPAddress.Loopback, endpoint.Port, new HealthMonitor
        {
            Name = "tcp",
            Type = MonitorType.Tcp,
            Expect = "hello",
            // The connection must be accepted before.
            Timeout = TimeSpan.FromMilliseconds(250),
        });
        Assert.Equal(ProbeResult.WrongAnswer("no reply within 0.25 s, after the server accepted the connection"),
            await _path.ProbeAsync(check, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Cancelled_probe_has_no_result()
    {
        using var stop = new CancellationTokenSource();
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() =>
            _path.ProbeAsync(Check(false, IPAddress.Loopback, 80), stop.Token));
    }

    /// <summary>192.0.2.7 is documentation space (RFC 5737), so that it is no address of this machine.</summary>
    [Fact]
    public async Task Error_of_this_machine_says_nothing_about_the_server()
    {
        Update(Entry(NextHopEntry with { Egress = TestDirector.Eth0 with { Address = IPAddress.Parse("192.0.2.7") } }));
        var result = await DsrAsync();
        Assert.Equal(ProbeResultKind.NotSent, result.Kind);
        Assert.StartsWith("the director cannot send the probe: ", result.Reason, StringComparison.Ordinal);
        Assert.False(await EchoAsync());
    }

    [Theory]
    [InlineData(MonitorType.Udp)]
    [InlineData(MonitorType.Http)]
    [InlineData(MonitorType.Dns)]
    [InlineData(MonitorType.Command)]
    public async Task Every_type_of_monitor_has_its_probe(MonitorType type)
    {
        var monitor = new HealthMonitor
        {
            Name = "monitor",
            Type = type,
            Http = new HttpExpectation("/", null, [PortRange.One(200)], null),
            Dns = new DnsExpectation("www.example", DnsRecordType.A, 0, null),
            Command = ["/bin/sh", "-c", "exit 0"],
        };
        var endpoint = type == MonitorType.Http ? LocalServer.Tcp("\r\n\r\n", ["HTTP/1.1 200 OK\r\n\r\n"]).Endpoint
            : LocalServer.Udp(static query => query.Length > 4 ? [.. query[..2], 0x81, 0x80, .. query[4..]]
            : query).Endpoint;
        Assert.Equal(ProbeResult.Success,
            await _path.ProbeAsync(Check(false, IPAddress.Loopback, endpoint.Port, monitor),
            TestContext.Current.CancellationToken));
    }

    /// <summary>Scripts that hang are no fault of the servers of other scripts.</summary>
    [Fact]
    public async Task Command_that_found_no_slot_is_no_verdict_and_one_that_waited_has_its_whole_time()
    {
        var cancellation = TestContext.Current.CancellationToken;
        var command = Check(false, IPAddress.Loopback, 80, new HealthMonitor
        {
            Name = "script",
            Type = MonitorType.Command,
            Timeout = TimeSpan.FromMilliseconds(200),
            Command = ["/bin/sh", "-c", "exit 0"],
        });
        for (var hanging = 0; hanging < CommandProbe.MaxConcurrent; hanging++)
            Assert.True(await CommandProbe.TryEnterAsync(TimeSpan.Zero, cancellation));
        try
        {
            Assert.Equal(ProbeResult.NotSent("not run, because 16 other commands were running"),
                await _path.ProbeAsync(command, cancellation));
            var waits = _path.ProbeAsync(command with
            {
                Monitor = command.Monitor with { Timeout = TimeSpan.FromSeconds(20) },
            }, cancellation);
            CommandProbe.Exit();
            Assert.Equal(ProbeResult.Success, await waits);
            Assert.True(await CommandProbe.TryEnterAsync(TimeSpan.Zero, cancellation));
        }
        finally
        {
            for (var hanging = 0; hanging < CommandProbe.MaxConcurrent; hanging++)
                CommandProbe.Exit();
        }
    }

    private Task<ProbeResult> DsrAsync() =>
        _path.ProbeAsync(Check(true, Vip, 80), TestContext.Current.CancellationToken);

    private Task<bool> EchoAsync() =>
        _path.EchoAsync(Group, Server, Vip, 1500, TimeSpan.FromSeconds(1), TestContext.Current.CancellationToken);

    private static Check Check(bool throughDsrPath, IPAddress target, int port, HealthMonitor? monitor = null) => new(
        new CheckKey(Group, Server, "tcp", target, port, throughDsrPath), "web1",
        monitor ?? new HealthMonitor { Name = "tcp", Type = MonitorType.Tcp });

    private static ServerEntry Entry(NextHop? hop) => new("web1", Server.Address, 1, hop);

    private static ServerGroup Of(params ServerEntry[] servers) =>
        TestDirector.Tables.Groups[0] with { Key = Group, Servers = [.. servers] };

    private static ForwardingTables Tables(params ServerGroup[] groups) =>
        TestDirector.Tables with { Groups = [.. groups] };

    private void Update(ServerEntry server, int? id) => _path.Update(Tables(Of(server)), (_, _) => id);

    private void Update(params ServerEntry[] servers) => _path.Update(Tables(Of(servers)), static (_, _) => 7);

    /// <summary>Links whose state the test sets.</summary>
    private sealed class FakeLinks : ILinkState
    {
        public HashSet<int> Watched { get; } = [];

        public HashSet<int> Interrupted { get; } = [];

        public string? Error { get; set; }

        public void Watch(int interfaceIndex) => Watched.Add(interfaceIndex);

        public string? Interruption(int interfaceIndex, long since) =>
            Interrupted.Contains(interfaceIndex) ? "no carrier" : null;

        public string? ErrorTo(IPAddress address) => Error;
    }
}
