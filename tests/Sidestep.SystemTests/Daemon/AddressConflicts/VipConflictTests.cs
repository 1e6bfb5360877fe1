namespace Sidestep.SystemTests.Daemon.AddressConflicts;

/// <summary>VIP conflicts: real kernels answer ARP for a VIP. The director detects the host, names it, and defends or
/// drains as configured.</summary>
public sealed class VipConflictTests
{
    private const string Vip6 = "2001:db8:113::10";

    [Fact]
    public void A_server_that_replies_to_ARP_for_the_VIP_is_reported_until_it_stops()
    {
        using var segment = new Segment();
        segment.Start();
        Assert.Empty(Alarms(segment));

        SetArpIgnore(segment, 0);
        Eventually.True(() => Alarms(segment) is [var one]
            && one.Contains("real server server2", StringComparison.Ordinal)
            && one.Contains(Segment.Vip, StringComparison.Ordinal),
            () => $"no alarm: {segment.StatusText()}");
        Assert.Contains(Lan.MacOf(segment.Servers[1], "eth0"), Alarms(segment)[0], StringComparison.Ordinal);
        var conflict = Assert.Single(segment.Status().GetProperty("addressConflicts").EnumerateArray());
        Assert.Equal(("server", "server2"),
            (conflict.GetProperty("kind").GetString(), conflict.GetProperty("host").GetString()));

        SetArpIgnore(segment, 1);
        Eventually.True(() => Alarms(segment).Length == 0, () => $"the alarm stays: {segment.StatusText()}");
    }

    [Fact]
    public void The_director_defends_the_VIP_with_an_ARP_announcement()
    {
        using var segment = new Segment();
        using var wire = RawSocket.Open(segment.Client, "eth0");
        segment.Start();
        SetArpIgnore(segment, 0);

        var director = Convert.FromHexString(Lan.MacOf(segment.Director, "eth0")
            .Replace(":", "", StringComparison.Ordinal));
        var announcements = wire.ReceiveUntil(f => Frame.Type(f) == Frame.Arp
            && Frame.ReadArp(f) is { Sender: Segment.Vip, Target: Segment.Vip } && f.AsSpan(22, 6)
            .SequenceEqual(director));
        Assert.NotEmpty(announcements);
    }

    [Fact]
    public void With_drain_a_server_that_replies_to_ARP_for_the_VIP_is_drained()
    {
        using var segment = new Segment();
        segment.File = segment.File with { GroupLines = ["conflictDetection: { drain: true, defend: false }"] };
        segment.Start();
        SetArpIgnore(segment, 0);
        Eventually.True(() => StateOf(segment, "server2") == "draining", () => $"not drained: {segment.StatusText()}");
        Assert.Equal("serving", StateOf(segment, "server1"));

        SetArpIgnore(segment, 1);
        Eventually.True(() => StateOf(segment, "server2") == "serving", () => $"still drained: {segment.StatusText()}");
    }

    [Fact]
    public void An_unknown_host_with_proxy_ARP_is_reported()
    {
        using var segment = new Segment();
        segment.Start();
        var unknownHost = segment.Server(7);
        unknownHost.Ip("link add aside type veth peer name aside2");
        unknownHost.Ip("link set aside up");
        unknownHost.Ip("link set aside2 up");
        unknownHost.Ip("address add 10.99.0.1/24 dev aside");
        unknownHost.Ip($"route add {Segment.Vip} via 10.99.0.2 dev aside");
        Lan.SetSysctl(unknownHost, "ipv4/conf/all/forwarding", 1);
        Lan.SetSysctl(unknownHost, "ipv4/neigh/eth0/proxy_delay", 0);
        Lan.SetSysctl(unknownHost, "ipv4/conf/eth0/proxy_arp", 1);
        Eventually.True(() => Alarms(segment) is [var one] && one.Contains("an unknown host", StringComparison.Ordinal)
            && one.Contains(Lan.MacOf(unknownHost, "eth0"), StringComparison.Ordinal),
            () => $"no alarm: {segment.StatusText()}");
    }

    [Fact]
    public void An_IPv6_VIP_on_a_servers_network_card_is_reported()
    {
        using var segment = new Segment();
        segment.Director.Ip("link set eth0 addrgenmode eui64");
        segment.Director.Ip("address add 2001:db8:9::2/64 dev eth0 nodad");
        segment.Servers[0].Ip("address add 2001:db8:9::11/64 dev eth0 nodad");
        segment.File =
            segment.File with { Services = [.. segment.File.Services, new UdpService("six", $"\"{Vip6}\"", 9)] };
        segment.Start();
        segment.Servers[0].Ip($"address add {Vip6}/128 dev lo");
        Assert.Empty(Alarms(segment));

        segment.Servers[0].Ip($"address del {Vip6}/128 dev lo");
        segment.Servers[0].Ip($"address add {Vip6}/128 dev eth0 nodad");
        Eventually.True(() => Alarms(segment) is [var one]
            && one.Contains("real server server1", StringComparison.Ordinal)
            && one.Contains(Vip6, StringComparison.Ordinal),
            () => $"no alarm: {segment.StatusText()}");
    }

    private static void SetArpIgnore(Segment segment, int value) =>
        Lan.SetSysctl(segment.Servers[1], "ipv4/conf/all/arp_ignore", value);

    private static string[] Alarms(Segment segment) =>
        [.. segment.Status().GetProperty("daemon").GetProperty("alarms").EnumerateArray()
        .Select(static a => a.GetString()!)];

    private static string? StateOf(Segment segment, string server) => segment.Status().GetProperty("pools")[0]
        .GetProperty("servers").EnumerateArray()
        .Where(s => s.GetProperty("name").GetString() == server).Select(static s => s.GetProperty("state").GetString())
        .FirstOrDefault();
}
