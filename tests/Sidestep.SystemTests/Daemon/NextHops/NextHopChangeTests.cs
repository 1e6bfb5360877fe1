namespace Sidestep.SystemTests.Daemon.NextHops;

/// <summary>Changes of the next hops of servers under traffic.</summary>
[Collection(SerialTests.Name)]
public sealed class NextHopChangeTests(ITestOutputHelper output)
{
    [Fact]
    public void A_routers_new_MAC_address_is_followed_within_a_second()
    {
        using var routed = new RoutedSegment();
        using var traffic = StartWithTraffic(routed.Segment);
        var outage = Outage.Measure(traffic, [.. Enumerable.Range(0, Segment.Sources.Count)], () =>
            routed.First.Ip("link set dev eth0 address 02:00:00:00:09:09"));
        output.WriteLine($"followed after {outage.TotalMilliseconds:0} ms");
        Assert.True(outage < TimeLimits.NextHopConvergence, $"took {outage.TotalMilliseconds:0} ms");
    }

    [Fact]
    public void A_route_to_another_router_is_followed_without_loss()
    {
        using var routed = new RoutedSegment();
        using var second = RawSocket.Open(routed.Second, "eth0");
        using var traffic = StartWithTraffic(routed.Segment);
        var first = traffic.Count;

        routed.Segment.Director.Ip($"route replace 10.9.1.0/24 via {RoutedSegment.SecondRouter}");
        // The frames have the second router's Ethernet address now.
        second.ReceiveUntil(f => Frame.Type(f) == Frame.Ip
            && Frame.ReadIPv4(f) is { Protocol: Frame.IpInIp, Source: Segment.DirectorAddress });
        traffic.WaitForSent(200);

        ExchangeAssert.AllAnswered([.. traffic.Stop().Skip(first)]);
    }

    [Fact]
    public void Traffic_resumes_when_the_interface_is_up_again()
    {
        using var segment = new Segment();
        using var traffic = StartWithTraffic(segment);
        var outage = Outage.Measure(traffic, [.. Enumerable.Range(0, Segment.Sources.Count)], () =>
        {
            segment.Director.Ip("link set eth0 down");
            traffic.WaitForSent(150);
            segment.Director.Ip("link set eth0 up");
        });
        output.WriteLine($"away for {outage.TotalMilliseconds:0} ms, of which the link was down for 300");
        // A busy daemon may hear of the outage only now, and look for the next hops once more.
        traffic.WaitUntilSteady();
    }

    [Fact]
    public void Traffic_resumes_when_the_cable_is_connected_again()
    {
        using var segment = new Segment();
        using var traffic = StartWithTraffic(segment);
        Outage.Measure(traffic, [.. Enumerable.Range(0, Segment.Sources.Count)], () =>
        {
            segment.Lan.SetPortState(segment.Director, "eth0", "down");
            traffic.WaitForSent(150);
            segment.Lan.SetPortState(segment.Director, "eth0", "up");
        });
        traffic.WaitUntilSteady();
    }

    [Theory]
    [InlineData("xdp", "auto")]
    [InlineData("managed", "af-packet")]
    [LongInlineData("managed", "af-xdp")]
    public void A_deleted_and_recreated_interface_is_attached_again(string engine, string driver)
    {
        using var segment = new Segment();
        segment.File = segment.File with { NodeLines = [$"engine: {engine}"], Interfaces = [("eth0", driver)] };
        using var traffic = StartWithTraffic(segment);
        var link = Lan.Link(segment.Director, "eth0");
        var identity = (link.GetProperty("ifindex").GetInt32(), link.GetProperty("address").GetString()!);

        // Another index; the same one; and the same one before the daemon has noticed that the interface was gone.
        Recreate(null, isNoticed: true);
        Recreate(identity, isNoticed: true);
        Recreate(identity, isNoticed: false);
        if (engine == "xdp")
            Detach();

        void Recreate((int, string)? newIdentity, bool isNoticed)
        {
            var outage = Outage.Measure(traffic, [.. Enumerable.Range(0, Segment.Sources.Count)], () =>
            {
                segment.Director.Ip("link del eth0");
                if (isNoticed)
                    Eventually.True(() => Unresolved(segment).Length == 2, () => segment.StatusText());
                segment.Lan.Plug(segment.Director, "eth0", Segment.Bridge, Segment.DirectorAddress + "/24",
                    newIdentity);
                segment.Lan.EnableXdpTransmit(segment.Director, "eth0");
                // The client has the previous interface's Ethernet address in its neighbour table.
                segment.Client.Ip($"neigh flush dev eth0");
            });
            output.WriteLine($"{(newIdentity is null ? "another" : "the same")} index: away for "
                + $"{outage.TotalMilliseconds:0} ms");
            traffic.WaitUntilAllAnswered();
        }

        // As another program does that wants the interface for itself.
        void Detach()
        {
            var outage = Outage.Measure(traffic, [.. Enumerable.Range(0, Segment.Sources.Count)], () =>
                segment.Director.Run("bpftool", "link", "detach", "pinned", $"{segment.PinFolder}/link_native_eth0"));
            output.WriteLine($"detached: away for {outage.TotalMilliseconds:0} ms");
        }
    }

    [Fact]
    public void A_server_that_appears_later_serves_once_it_is_resolved()
    {
        using var segment = new Segment(servers: 1);
        // Flows move at once, so that the new server gets some.
        segment.File = segment.File with
        {
            Servers = [.. segment.File.Servers, Segment.ServerEntry(2)],
            ProfileLines = segment.File.ProfileLines + ", udpOnRebalance: move"
        };
        using var traffic = StartWithTraffic(segment);
        Assert.Contains(Segment.AddressOf(2), Assert.Single(Unresolved(segment)), StringComparison.Ordinal);
        Assert.Equal("unresolved", State(segment, "server2"));
        var first = traffic.Count;

        // Its service runs before its cable exists, so that it answers from the first packet on.
        var late = segment.Lan.Node("late");
        segment.Serve(late, 2);
        segment.Lan.Plug(late, "eth0", Segment.Bridge, Segment.AddressOf(2) + "/24");

        Eventually.True(() => State(segment, "server2") == "serving", () => segment.StatusText());
        Eventually.True(() => traffic.Snapshot().Any(static e => e.Server == 2), () => "the new server gets nothing");
        Assert.Empty(Unresolved(segment));
        // Its next hop was known before the first packet, and clients of the other server lost nothing.
        ExchangeAssert.AllAnswered([.. traffic.Stop().Skip(first)]);
    }

    /// <summary>Health checks decide whether the server still serves, not ARP.</summary>
    [Fact]
    public void A_server_that_stops_replying_to_ARP_keeps_its_slots()
    {
        using var segment = new Segment();
        // The kernel gives up the entry in seconds instead of a minute.
        Lan.SetSysctl(segment.Director, "ipv4/neigh/eth0/base_reachable_time_ms", 1000);
        Lan.SetSysctl(segment.Director, "ipv4/neigh/eth0/delay_first_probe_time", 1);
        using var traffic = StartWithTraffic(segment);
        var serverOf = ExchangeAssert.ServerByClient(traffic.Snapshot());
        var first = traffic.Count;
        segment.Servers[0].Ip("link set eth0 down");
        Eventually.True(() => segment.Director.Ip($"neigh show {Segment.AddressOf(1)}")
            .Contains("FAILED", StringComparison.Ordinal),
            () => "the kernel still believes in it", TimeSpan.FromSeconds(30));
        traffic.WaitForSent(100);
        Assert.Equal("serving", State(segment, "server1"));
        var exchanges = traffic.Stop().Skip(first).ToArray();
        ExchangeAssert.AllAnswered(exchanges, c => serverOf[c] == 2);
        Assert.DoesNotContain(exchanges.TakeLast(50), e => serverOf[e.Source] == 1 && e.IsAnswered);
    }

    private static Traffic StartWithTraffic(Segment segment)
    {
        segment.Start();
        var traffic = segment.Send();
        traffic.WaitUntilAllAnswered();
        traffic.WaitForSent(100);
        return traffic;
    }

    private static string[] Unresolved(Segment segment) =>
        [.. segment.Status().GetProperty("daemon").GetProperty("unresolved").EnumerateArray()
        .Select(static e => e.GetString()!)];

    private static string State(Segment segment, string server) => segment.Status().GetProperty("pools")[0]
        .GetProperty("servers").EnumerateArray()
        .Single(s => s.GetProperty("name").GetString() == server).GetProperty("state").GetString()!;
}
