using System.Net;
using System.Net.Sockets;
using Sidestep.Agent.Output;
using Sidestep.Agent.Programs;
using Sidestep.Agent.Running;
using Sidestep.Api;
using Sidestep.Native.Netlink;
using Sidestep.UnitTests.Control;

namespace Sidestep.UnitTests.Agent.Running;

public sealed class ReportBuilderTests
{
    private const string Conntrack = "/proc/sys/net/netfilter/nf_conntrack_";
    private readonly ManualTime _time = new();
    private readonly FakeKernel _kernel = new();
    private readonly FakeReportSource _source = new();
    private readonly ReportBuilder _builder;

    public ReportBuilderTests() => _builder = new ReportBuilder(_source, _time);

    /// <summary>Lines as in /proc/self/net/netstat and snmp, cut to a few fields.</summary>
    [Fact]
    public void Counters_of_kernel_and_programs_have_their_names()
    {
        _source.CounterFiles["netstat"] =
        [
            "TcpExt: SyncookiesSent ListenOverflows ListenDrops IPReversePathFilter", "TcpExt: 0 3 4 5",
            "IpExt: InNoRoutes InTruncatedPkts", "IpExt: 0 0",
        ];
        _source.CounterFiles["snmp"] =
        [
            "Tcp: RtoAlgorithm MaxConn OutRsts InCsumErrors", "Tcp: 1 -1 6 7",
            "Udp: InDatagrams NoPorts InErrors", "Udp: 10 8 0",
            "UdpLite: InDatagrams NoPorts InErrors InCsumErrors", "UdpLite: 1 2 3 4",
        ];
        var verification = new Verification
        {
            Counters = new Dictionary<PacketCounter,
            ulong>
            { [PacketCounter.RejectedSource] = 9 }
        };
        Assert.Equal(new Dictionary<string, long>
        {
            ["kernel.ListenOverflows"] = 3,
            ["kernel.ListenDrops"] = 4,
            ["kernel.IPReversePathFilter"] = 5,
            ["kernel.TcpOutRsts"] = 6,
            ["kernel.TcpInCsumErrors"] = 7,
            ["kernel.UdpNoPorts"] = 8,
            ["rejectedSource"] = 9,
        }, Build(verification).Counters.ToDictionary());
        Assert.Empty(new ReportBuilder(new FakeReportSource(), _time)
            .Build(new Verification(), _kernel.Inventory()).Counters);
    }

    [Theory]
    [InlineData("Tcp: A B|Tcp: 1 2", "Tcp", "B", 2L)]
    [InlineData("Tcp: A B|Tcp: 1 -1", "Tcp", "B", -1L)]
    [InlineData("Tcp: A|Tcp: 1", "Tcp", "B", null)]
    [InlineData("Tcp: A|Udp: 1", "Tcp", "A", null)]
    [InlineData("Tcp: A", "Tcp", "A", null)]
    [InlineData("Udp: X|Udp: 5|Tcp: A|Tcp: 1", "Tcp", "A", 1L)]
    public void A_field_is_read_from_the_line_below_its_name(string lines, string group, string field,
        long? expected) =>
        Assert.Equal(expected, ReportBuilder.Value(lines.Split('|'), group, field));

    [Fact]
    public void Routes_have_the_MAC_of_a_valid_gateway()
    {
        _kernel.DefaultRoutes.Add(
            new DefaultRouteInfo(AddressFamily.InterNetworkV6, FakeKernel.Eth1, IPAddress.Parse("fe80::1")));
        _kernel.DefaultRoutes.Add(new DefaultRouteInfo(AddressFamily.InterNetwork, 9, null));
        var gateway = IPAddress.Parse("10.0.1.1");
        _source.KnownNeighbours.AddRange(
        [
            new(FakeKernel.Eth1, gateway, new byte[] { 2, 0, 0, 0, 0, 1 }, true, false),
            new(FakeKernel.Eth0, gateway, new byte[] { 2, 0, 0, 0, 0, 2 }, false, false),
            new(FakeKernel.Eth0, gateway, new byte[] { 2, 0, 0, 0, 0, 0xab }, true, false),
            new(FakeKernel.Eth1, IPAddress.Parse("fe80::1"), Array.Empty<byte>(), true, false),
        ]);
        Assert.Equal(
        [
            new DefaultRoute(4, "eth0", gateway, "02:00:00:00:00:ab"),
                new DefaultRoute(6, "eth1", IPAddress.Parse("fe80::1"), null),
            new DefaultRoute(4, "interface 9", null, null),
        ], Build().DefaultRoutes);
    }

    [Fact]
    public void Devices_have_addresses_and_offloads()
    {
        var devices = Build().Devices;
        Assert.Equal([("lo", "", 65536, true), ("eth0", "02:00:00:00:00:02", 1500, true),
            ("eth1", "02:00:00:00:00:03", 1500, true)],
            devices.Select(static d => (d.Name, d.Mac, d.Mtu, d.IsUp)));
        Assert.Equal(["10.0.1.3/24", "2001:db8:1::3/64", "fe80::3/64"], devices[1].Addresses);
        Assert.Equal(["rx-gro", "tx-checksum-ipv4"], devices[1].Offloads);
    }

    [Fact]
    public void Lists_are_bounded()
    {
        _source.Sockets = [.. Enumerable.Range(1, 600).Select(static p => ("tcp", IPAddress.Any, p))];
        for (var i = 10; i < 300; i++)
            _kernel.Interfaces.Add(FakeKernel.Ethernet(i, $"v{i}"));
        for (var i = 0; i < 300; i++)
            _kernel.Addresses.Add(
                new InterfaceAddress(FakeKernel.Eth0, IPAddress.Parse($"10.7.{i / 250}.{i % 250 + 1}"), 32,
                AddressScope.Universe));
        var report = Build();
        Assert.Equal((512, 128, 256),
            (report.Listeners.Length, report.Devices.Length, report.Devices[1].Addresses.Length));
        Assert.Equal(new Listener("tcp", IPAddress.Any, 1), report.Listeners[0]);
    }

    [Fact]
    public void A_kernel_that_cannot_list_sockets_gives_no_listeners()
    {
        _source.Sockets = null;
        Assert.Empty(Build().Listeners);
    }

    [Fact]
    public void A_report_identifies_agent_host_and_time()
    {
        _time.Advance(TimeSpan.FromSeconds(5));
        var verification = new Verification { Traffic = [new VipTraffic(IPAddress.Parse(TestSpec.Vip), 1, 2, 3)] };
        verification.Add(true, "vip", "x", "y", "z", "");
        var (first, second) = (Build(verification), Build());
        Assert.Equal(("linux", Environment.MachineName, DateTimeOffset.UnixEpoch.AddSeconds(5)),
            (first.OperatingSystem, first.HostName, first.WallClock));
        Assert.Matches(@"^\d+\.\d+\.\d+$", first.AgentVersion);
        Assert.Matches("^[0-9a-f]{12}$", first.Instance);
        Assert.Equal(first.Instance, second.Instance);
        Assert.NotEqual(first.Instance,
            new ReportBuilder(_source, _time).Build(verification, _kernel.Inventory()).Instance);
        Assert.Equal(("vip", 2), (Assert.Single(first.Conditions).Name, Assert.Single(first.Traffic).SynAckSent));
    }

    [Theory]
    [InlineData(90, 100, false)]
    [InlineData(91, 100, true)]
    [InlineData(5, 0, false)]
    public void A_nearly_full_conntrack_is_a_hint(long count, long max, bool isHint)
    {
        _source.ProcValues[Conntrack + "count"] = count;
        _source.ProcValues[Conntrack + "max"] = max;
        Assert.Equal(isHint ? [$"conntrack is nearly full: {count} of {max}"] : [], FilterHints.Find(_source));
    }

    [Fact]
    public void A_strict_conntrack_and_dropping_rules_are_hints()
    {
        _source.ProcValues[Conntrack + "count"] = 100;
        _source.ProcValues[Conntrack + "tcp_loose"] = 0;
        _source.Rules.AddRange(["table ip filter {", "  type filter hook input priority 0; policy drop;",
            "\ttcp dport 80 reject with tcp reset", "  drop",
            "  ip saddr 10.0.0.1 drop", "  tcp dport 443 accept", "  chain backdrop {"]);
        Assert.Equal(
        [
            "conntrack accepts no TCP connection that it has not seen open (nf_conntrack_tcp_loose 0)",
            "nftables: type filter hook input priority 0; policy drop;", "nftables: tcp dport 80 reject with tcp reset",
            "nftables: drop", "nftables: ip saddr 10.0.0.1 drop",
        ], FilterHints.Find(_source));
        _source.ProcValues[Conntrack + "tcp_loose"] = 1;
        Assert.Equal(4, FilterHints.Find(_source).Length);
        _source.Rules.AddRange(Enumerable.Repeat("drop", 100));
        Assert.Equal(32, FilterHints.Find(_source).Length);
    }

    [Fact]
    public void Rules_are_listed_every_30_seconds_only()
    {
        _source.Rules.Add("drop");
        Assert.Single(Build().FilterHints);
        _time.Advance(TimeSpan.FromSeconds(29));
        _source.Rules.Clear();
        Assert.Single(Build().FilterHints);
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Empty(Build().FilterHints);
        Assert.Equal(2, _source.RulesetReads);
    }

    private AgentReport Build(Verification? verification = null) =>
        _builder.Build(verification ?? new Verification(), _kernel.Inventory());
}
