using Sidestep.SystemTests.Agent;

namespace Sidestep.SystemTests.Director;

/// <summary>The way to servers changes under traffic.</summary>
[Collection(OneLabAtATime.Name)]
public sealed class NextHopTests(ITestOutputHelper output)
{
    [Fact]
    public void ARoutersNewAddressIsFollowedWithinASecond()
    {
        using var routed = new RoutedSegment();
        using var traffic = Begin(routed.Segment);
        var outage = Outage.Of(traffic, [.. Enumerable.Range(0, Segment.Sources.Count)], () => routed.First.Ip("link set dev eth0 address 02:00:00:00:09:09"));
        output.WriteLine($"followed after {outage.TotalMilliseconds:0} ms");
        Assert.True(outage < Bound.FollowsANextHop, $"took {outage.TotalMilliseconds:0} ms");
    }

    [Fact]
    public void ARouteToAnotherRouterIsFollowedWithoutLoss()
    {
        using var routed = new RoutedSegment();
        using var second = Wire.Open(routed.Second, "eth0");
        using var traffic = Begin(routed.Segment);
        var first = traffic.Count;

        routed.Segment.Director.Ip($"route replace 10.9.1.0/24 via {RoutedSegment.SecondRouter}");
        // It is the second router's Ethernet address that the frames have now.
        second.Until(f => Frame.Type(f) == Frame.Ip && Frame.ReadIPv4(f) is { Protocol: Frame.IpInIp, Source: Segment.DirectorAddress });
        traffic.Pass(200);

        NoLoss.Among([.. traffic.Stop().Skip(first)]);
    }

    [Fact]
    public void TrafficReturnsWhenTheInterfaceDoes()
    {
        using var segment = new Segment();
        using var traffic = Begin(segment);
        var outage = Outage.Of(traffic, [.. Enumerable.Range(0, Segment.Sources.Count)], () =>
        {
            segment.Director.Ip("link set eth0 down");
            traffic.Pass(150);
            segment.Director.Ip("link set eth0 up");
        });
        output.WriteLine($"away for {outage.TotalMilliseconds:0} ms, of which the link was down for 300");
        traffic.Pass(100);
        NoLoss.Among([.. traffic.Stop().TakeLast(100)]);
    }

    [Fact]
    public void TrafficReturnsWhenTheCableDoes()
    {
        using var segment = new Segment();
        using var traffic = Begin(segment);
        Outage.Of(traffic, [.. Enumerable.Range(0, Segment.Sources.Count)], () =>
        {
            segment.Lan.SetPort(segment.Director, "eth0", "down");
            traffic.Pass(150);
            segment.Lan.SetPort(segment.Director, "eth0", "up");
        });
        traffic.Pass(100);
        NoLoss.Among([.. traffic.Stop().TakeLast(100)]);
    }

    [Fact]
    public void AnInterfaceThatIsDeletedAndMadeAnewIsTakenAgain()
    {
        using var segment = new Segment();
        using var traffic = Begin(segment);
        Outage.Of(traffic, [.. Enumerable.Range(0, Segment.Sources.Count)], () =>
        {
            segment.Director.Ip("link del eth0");
            Eventually.True(() => Unresolved(segment).Length == 2, () => segment.StatusText());
            segment.Lan.Plug(segment.Director, "eth0", Segment.Bridge, Segment.DirectorAddress + "/24");
            segment.Lan.LetXdpSend(segment.Director, "eth0");
            // The client knows the former interface's address.
            segment.Client.Ip($"neigh flush dev eth0");
        });
        traffic.Pass(100);
        NoLoss.Among([.. traffic.Stop().TakeLast(100)]);
    }

    [Fact]
    public void AServerThatComesLaterServesOnceItIsThere()
    {
        using var segment = new Segment(servers: 1);
        // Flows move at once, so that the newcomer gets some.
        segment.File = segment.File with { Servers = [.. segment.File.Servers, Segment.Line(2)], Dsr = segment.File.Dsr + ", udpInTransition: move" };
        using var traffic = Begin(segment);
        Assert.Contains(Segment.AddressOf(2), Assert.Single(Unresolved(segment)), StringComparison.Ordinal);
        Assert.Equal("unresolved", State(segment, "server2"));
        var first = traffic.Count;

        // Its service is there before its cable: from the first packet on, it can answer.
        var late = segment.Lan.Node("late");
        segment.Serve(late, 2);
        segment.Lan.Plug(late, "eth0", Segment.Bridge, Segment.AddressOf(2) + "/24");

        Eventually.True(() => State(segment, "server2") == "serving", () => segment.StatusText());
        Eventually.True(() => traffic.SoFar().Any(static e => e.By == 2), () => "the new server gets nothing");
        Assert.Empty(Unresolved(segment));
        // Its way was known before the first packet took it, and the other one's clients noticed nothing.
        NoLoss.Among([.. traffic.Stop().Skip(first)]);
    }

    /// <summary>Whether it still serves is for health checks to say, not for ARP.</summary>
    [Fact]
    public void AServerThatDisappearsKeepsItsPlace()
    {
        using var segment = new Segment();
        // So that the kernel gives it up in seconds, not in a minute.
        Lan.SetSysctl(segment.Director, "ipv4/neigh/eth0/base_reachable_time_ms", 1000);
        Lan.SetSysctl(segment.Director, "ipv4/neigh/eth0/delay_first_probe_time", 1);
        using var traffic = Begin(segment);
        var serverOf = NoLoss.ServerOf(traffic.SoFar());
        var first = traffic.Count;
        segment.Servers[0].Ip("link set eth0 down");
        Eventually.True(() => segment.Director.Ip($"neigh show {Segment.AddressOf(1)}").Contains("FAILED", StringComparison.Ordinal),
            () => "the kernel still believes in it", TimeSpan.FromSeconds(30));
        traffic.Pass(100);
        Assert.Equal("serving", State(segment, "server1"));
        var exchanges = traffic.Stop().Skip(first).ToArray();
        NoLoss.Among(exchanges, c => serverOf[c] == 2);
        Assert.DoesNotContain(exchanges.TakeLast(50), e => serverOf[e.Source] == 1 && e.IsAnswered);
    }

    private static Traffic Begin(Segment segment)
    {
        segment.Start();
        var traffic = segment.Send();
        traffic.UntilAllAnswered();
        traffic.Pass(100);
        return traffic;
    }

    private static string[] Unresolved(Segment segment) =>
        [.. segment.Status().GetProperty("daemon").GetProperty("unresolved").EnumerateArray().Select(static e => e.GetString()!)];

    private static string State(Segment segment, string server) => segment.Status().GetProperty("pools")[0].GetProperty("servers").EnumerateArray()
        .Single(s => s.GetProperty("name").GetString() == server).GetProperty("state").GetString()!;
}
