using System.Net;
using System.Net.Sockets;
using System.Text.Json;

namespace Sidestep.SystemTests.Daemon;

/// <summary>A network manager, a script or a person removes what the daemon has put into the kernel: the daemon
/// restores
/// it, and no server pays for it.</summary>
public sealed class KernelStateTests
{
    /// <summary>What is removed, a command that succeeds once it is restored, and its name in the status.</summary>
    private static readonly (string Removal, string IsRestored, string Part)[] Removals =
    [
        ("ip rule del priority 5150", "ip rule show priority 5150 | grep -q 'lookup 5150'",
            "the IPv4 policy rule 5150"),
        ("ip route flush table 5150", "ip route show table 5150 | grep -q default", "the IPv4 route of table 5150"),
        // What `ip neigh del` leaves of an entry that packets use.
        ("ip neigh replace 169.254.51.50 dev eth0 nud failed", "ip neigh show 169.254.51.50 | grep -q PERMANENT",
            "the neighbour 169.254.51.50"),
        ("tc qdisc del dev eth0 clsact", "tc filter show dev eth0 egress | grep -q probe", "the probe filter of eth0"),
    ];

    /// <summary>Without them the kernel would process packets for VIPs beside the managed engine.</summary>
    private static readonly (string Removal, string IsRestored, string Part)[] RemovalsOfPacketSockets =
    [
        ("ip rule del priority 5151", "ip rule show priority 5151 | grep -q 'iif eth0 lookup 5151'",
            "the IPv4 policy rule 5151 of eth0"),
        ("ip route flush table 5151", $"ip route show table 5151 | grep -q 'blackhole {Segment.Vip}'",
            "the routes of table 5151"),
    ];

    [Theory]
    [InlineData("xdp", "auto")]
    [InlineData("managed", "af-packet")]
    public void What_another_program_removes_is_restored_and_no_server_is_marked_down(string engine, string driver)
    {
        using var segment = Start(engine, driver);
        using var traffic = segment.Send();
        traffic.WaitUntilAllAnswered();
        var (first, since) = (traffic.Count, Since(segment));

        foreach (var (removal, isRestored, part) in engine == "managed" ? [.. Removals, .. RemovalsOfPacketSockets]
            : Removals)
        {
            segment.Director.Run("sh", "-c", removal);
            Eventually.True(() => segment.Director.Try("sh", "-c", isRestored).ExitCode == 0,
                () => $"not restored after {removal}:\n{segment.Status()}");
            Eventually.True(() => Times(segment, part) == 1, () => $"{part} is not in:\n{segment.Status()}");
            WaitForProbes(segment);
        }

        Assert.Equal(since, Since(segment));
        Assert.Contains("restored: the IPv4 policy rule 5150, 1 times, last at ", segment.StatusText(),
            StringComparison.Ordinal);
        ExchangeAssert.AllAnswered([.. traffic.Stop().Skip(first)]);
    }

    /// <summary>The kernel removes the route of probes with an interface that goes down. Without a carrier, probes
    /// leave and are lost.</summary>
    [Fact]
    public void After_a_link_was_down_or_without_a_carrier_probes_leave_again_and_no_server_is_marked_down()
    {
        using var segment = Start("xdp", "auto");
        using var traffic = segment.Send();
        traffic.WaitUntilAllAnswered();
        var since = Since(segment);

        segment.Director.Ip("link set eth0 down");
        WaitForProbes(segment);
        segment.Director.Ip("link set eth0 up");
        traffic.WaitUntilAllAnswered();

        segment.Lan.SetPortState(segment.Director, "eth0", "down");
        WaitForProbes(segment);
        Assert.Equal(since, Since(segment));
        segment.Lan.SetPortState(segment.Director, "eth0", "up");
        traffic.WaitUntilAllAnswered();
        WaitForProbes(segment);

        Assert.Equal(since, Since(segment));
        Assert.Empty(segment.Status().GetProperty("daemon").GetProperty("degraded").EnumerateArray());
        traffic.WaitUntilAllAnswered();
    }

    /// <summary>A BGP speaker needs a route to the VIP that it announces, and reverse-path validation looks that route
    /// up for every reply to a probe.</summary>
    [Fact]
    public void Routes_to_the_VIP_on_the_director_do_not_drop_replies_to_probes()
    {
        using var segment = Start("xdp", "auto");
        var since = Since(segment);

        // The namespace has no default route, so that loose validation finds no route to the VIP at all.
        Lan.SetSysctl(segment.Director, "ipv4/conf/eth0/rp_filter", 2);
        WaitForProbes(segment);
        segment.Director.Ip($"route add blackhole {Segment.Vip}");
        Lan.SetSysctl(segment.Director, "ipv4/conf/eth0/rp_filter", 1);
        WaitForProbes(segment);
        segment.Director.Ip($"route replace unreachable {Segment.Vip}");
        WaitForProbes(segment);

        Assert.Equal(since, Since(segment));
        // The rule that restores them is needed: without it the kernel drops the replies.
        Assert.Contains($"{Segment.Vip} dev eth0 proto static scope link", segment.Director.Ip("route show table 5152"),
            StringComparison.Ordinal);
        segment.Director.Ip("route del unreachable " + Segment.Vip);
        // A device that only has the route to the VIP, for a BGP speaker that announces routes of devices.
        segment.Director.Ip("link add own up type veth peer name other");
        segment.Director.Ip("link set other up");
        segment.Director.Ip($"route add {Segment.Vip} dev own");
        WaitForProbes(segment);
        Assert.Contains($"{Segment.Vip} dev eth0 proto static scope link", segment.Director.Ip("route show table 5152"),
            StringComparison.Ordinal);
        Assert.Equal(since, Since(segment));
        segment.Director.Ip("link del own");
        segment.Director.Ip($"route add {Segment.Vip} dev eth0");
        Eventually.True(() => segment.Director.Try("sh", "-c", "ip route show table 5152 | grep -q .").ExitCode != 0,
            () => segment.Director.Ip("route show table 5152"));
    }

    /// <summary>The rule of the daemon cannot come before all others. Where another one leads to a route of its own for
    /// the VIP, the operator must know which it is.</summary>
    [Fact]
    public void Policy_rule_that_keeps_replies_from_being_accepted_is_reported_as_degraded()
    {
        using var segment = Start("xdp", "auto");
        segment.Director.Ip($"route add blackhole {Segment.Vip}");
        Lan.SetSysctl(segment.Director, "ipv4/conf/eth0/rp_filter", 1);
        Eventually.True(() => segment.Director.Ip("rule show priority 5152").Contains("5152", StringComparison.Ordinal),
            segment.StatusText);
        Assert.Empty(Degraded(segment));

        segment.Director.Ip($"route add blackhole {Segment.Vip} table 77");
        segment.Director.Ip("rule add priority 100 lookup 77");
        Eventually.True(() => Degraded(segment).Any(static d => d.StartsWith($"replies from {Segment.Vip}/32 to probes "
            + "are dropped by rp_filter: a policy rule before 5152 leads to another route (`ip rule`).",
            StringComparison.Ordinal)), segment.StatusText);

        segment.Director.Ip("rule del priority 100");
        segment.Director.Ip("rule add priority 6000 lookup 77");
        Eventually.True(() => Degraded(segment).Length == 0, segment.StatusText);
    }

    /// <summary>A configuration with such a VIP prefix is rejected. The address comes later: with it, the director must
    /// stay reachable.</summary>
    [Theory]
    [InlineData("xdp", "auto")]
    [InlineData("managed", "af-packet")]
    public void Address_that_the_director_gets_in_a_VIP_prefix_is_left_to_the_kernel(string engine, string driver)
    {
        const string Own = "10.66.0.5", Other = "10.66.0.6";
        using var segment = new Segment(servers: 1);
        segment.File = segment.File with
        {
            NodeLines = [$"engine: {engine}"],
            Interfaces = [("eth0", driver)],
            Services = [.. segment.File.Services, new UdpService("prefix", "10.66.0.0/24", EchoServer.Port)],
        };
        segment.Start();
        segment.Client.Ip($"route add 10.66.0.0/24 via {Segment.DirectorAddress}");
        // The director answers for every address of the prefix.
        Assert.Equal(0, Ping(segment, Own));
        Assert.Empty(Degraded(segment));

        segment.Director.Ip($"address add {Own}/32 dev eth0");
        Eventually.True(() => Degraded(segment).Any(static d => d.StartsWith($"{Own} is now an address of this machine "
            + "and in a VIP prefix: its packets go to the kernel, not to servers.", StringComparison.Ordinal)),
            segment.StatusText);
        // Only the kernel of the director has this port.
        var port = segment.Director.Inside(static () =>
        {
            var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
            socket.Bind(new IPEndPoint(IPAddress.Parse(Own), EchoServer.Port));
            socket.ReceiveTimeout = 10_000;
            return socket;
        });
        using (port)
        {
            SendTo(segment, Own);
            EndPoint from = new IPEndPoint(IPAddress.Any, 0);
            Assert.Equal(1, port.ReceiveFrom(new byte[16], ref from));
        }
        Assert.Equal(0, Ping(segment, Own));
        Assert.Equal(0, Ping(segment, Other));

        segment.Director.Ip($"address del {Own}/32 dev eth0");
        Eventually.True(() => Degraded(segment).Length == 0, segment.StatusText);
        Assert.Equal(0, Ping(segment, Own));

        segment.Director.Ip($"address add {Segment.Vip}/32 dev eth0");
        Eventually.True(() => Degraded(segment).Any(static d => d.StartsWith($"the VIP {Segment.Vip} is now an address "
            + "of this machine", StringComparison.Ordinal)), segment.StatusText);
    }

    private static int Ping(Segment segment, string address) =>
        segment.Client.Try("ping", "-c", "1", "-W", "2", address).ExitCode;

    private static void SendTo(Segment segment, string address)
    {
        using var socket = segment.Client.Inside(static () =>
            new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp));
        socket.SendTo([1], new IPEndPoint(IPAddress.Parse(address), EchoServer.Port));
    }

    private static string[] Degraded(Segment segment) => [.. segment.Status().GetProperty("daemon")
        .GetProperty("degraded").EnumerateArray().Select(static d => d.GetString()!)];

    /// <summary>Something that does it again and again has a reason, and the operator must know.</summary>
    [Fact]
    public void What_is_removed_three_times_is_reported_as_degraded()
    {
        using var segment = Start("xdp", "auto");
        for (var times = 1; times <= 3; times++)
        {
            segment.Director.Run("ip", "rule", "del", "priority", "5150");
            var expected = times;
            Eventually.True(() => Times(segment, "the IPv4 policy rule 5150") == expected,
                () => segment.Status().ToString());
        }
        Assert.StartsWith("the IPv4 policy rule 5150 was gone 3 times and was restored each time; ",
            Assert.Single(segment.Status().GetProperty("daemon").GetProperty("degraded").EnumerateArray()).GetString(),
            StringComparison.Ordinal);
    }

    /// <summary>Two bad probes, a second apart, mark a server down.</summary>
    private static Segment Start(string engine, string driver)
    {
        var segment = new Segment();
        try
        {
            segment.File = segment.File with
            {
                NodeLines = [$"engine: {engine}"],
                Interfaces = [("eth0", driver)],
                PoolLines = "monitors: [quick]",
                Monitors = ["name: quick, type: icmp, interval: 1, timeout: 1, fall: 2, rise: 1"],
            };
            segment.Start();
            Eventually.True(() => Servers(segment).All(static s => s.GetProperty("healthy").GetBoolean()),
                () => segment.Status().ToString());
            return segment;
        }
        catch
        {
            segment.Dispose();
            throw;
        }
    }

    /// <summary>Waits for longer than it takes to mark both servers down.</summary>
    private static void WaitForProbes(Segment segment)
    {
        var goal = Started(segment) + 8;
        Eventually.True(() => Started(segment) >= goal, () => segment.Status().ToString());
    }

    private static long Started(Segment segment) =>
        segment.Status().GetProperty("health").GetProperty("probes").GetProperty("started").GetInt64();

    /// <summary>When each server became healthy.</summary>
    private static string[] Since(Segment segment) => [.. Servers(segment).Select(static s =>
        $"{s.GetProperty("name").GetString()} {s.GetProperty("healthy").GetBoolean()} {s.GetProperty("since")}")];

    private static JsonElement.ArrayEnumerator Servers(Segment segment) =>
        segment.Status().GetProperty("health").GetProperty("servers").EnumerateArray();

    private static int Times(Segment segment, string part) => segment.Status().GetProperty("daemon")
        .GetProperty("restored").EnumerateArray().Where(r => r.GetProperty("part").GetString() == part)
        .Sum(static r => r.GetProperty("times").GetInt32());
}
