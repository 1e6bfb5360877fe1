namespace Sidestep.SystemTests.EngineXdp;

/// <summary>IP in IP to servers behind a router.</summary>
public sealed class Layer3Tests
{
    [Fact]
    public void Servers_behind_a_router_reply_directly_to_the_client()
    {
        using var routed = new RoutedSegment();
        using var atDirector = RawSocket.Open(routed.Segment.Director, "eth0");
        using var atRouter = RawSocket.Open(routed.First, "eth0");
        routed.Segment.Start();
        using var traffic = routed.Segment.Send();
        traffic.WaitUntilAllAnswered();
        traffic.WaitForSent(200);
        var exchanges = traffic.Stop();
        ExchangeAssert.AllAnswered([.. exchanges.Skip(100)]);
        Assert.Equal(new byte[] { 1, 2 }, ExchangeAssert.ServerByClient(exchanges).Values.Distinct().Order());

        var outer = atRouter.ReceiveUntil(
            static f => Frame.Type(f) == Frame.Ip && Frame.ReadIPv4(f).Protocol == Frame.IpInIp)[^1];
        Assert.Equal(Segment.DirectorAddress, Frame.ReadIPv4(outer).Source);
        Assert.StartsWith("10.9.1.", Frame.ReadIPv4(outer).Destination, StringComparison.Ordinal);
        // The inner datagram is the client's datagram.
        Assert.Equal((Frame.Udp, Segment.Vip),
            (outer[14 + 20 + 9], new System.Net.IPAddress(outer.AsSpan(14 + 20 + 16, 4)).ToString()));
        Assert.Equal(0, Frame.Checksum(outer.AsSpan(14, 20)));

        // All frames that reached the director before a frame sent last; an AF_PACKET socket sees frames that XDP
        // passes.
        routed.Segment.Client.Run("ping", "-c", "1", "-W", "2", Segment.DirectorAddress);
        var seen = atDirector.ReceiveUntil(
            static f => Frame.Type(f) == Frame.Ip
                && Frame.ReadIPv4(f) is { Protocol: 1, Destination: Segment.ClientAddress });
        Assert.DoesNotContain(seen, static f => Frame.Type(f) == Frame.Ip && Frame.ReadIPv4(f).Source == Segment.Vip);

        Assert.Null(MtuForClient(routed.Segment, 1480));
        Assert.Equal(1480, MtuForClient(routed.Segment, 1481));
        routed.Segment.Director.Ip($"route replace 10.9.1.0/24 via {RoutedSegment.FirstRouter} mtu 1400");
        Eventually.True(() => MtuForClient(routed.Segment, 1381) == 1380, routed.Segment.StatusText);
        Assert.Null(MtuForClient(routed.Segment, 1380));
    }

    private static byte[] MacOf(NetworkNamespace node) =>
        Convert.FromHexString(Lan.MacOf(node, "eth0").Replace(":", "", StringComparison.Ordinal));

    /// <summary>Sends a datagram with DF to the VIP.</summary>
    /// <returns>The MTU of the "fragmentation needed" from the VIP; null when there was none.</returns>
    private static int? MtuForClient(Segment segment, int bytes)
    {
        const ushort DontFragment = 0x4000;
        using var wire = RawSocket.Open(segment.Client, "eth0");
        wire.Send(Frame.Ethernet(MacOf(segment.Director), MacOf(segment.Client), Frame.Ip,
            Frame.IPv4(Segment.ClientAddress, Segment.Vip, Frame.Udp,
                Frame.Datagram(40000, EchoServer.Port, new byte[bytes - 28]), fragment: DontFragment)));
        // All frames that reached the client before the reply to a frame sent last.
        segment.Client.Run("ping", "-c", "1", "-W", "2", Segment.DirectorAddress);
        var error = wire.ReceiveUntil(static f => Frame.Type(f) == Frame.Ip && f[34] == 0
            && Frame.ReadIPv4(f) is { Protocol: 1, Source: Segment.DirectorAddress })
            .SingleOrDefault(static f => Frame.Type(f) == Frame.Ip && (f[34], f[35]) == (3, 4)
            && Frame.ReadIPv4(f) is { Protocol: 1, Source: Segment.Vip, Destination: Segment.ClientAddress });
        return error is null ? null : error[40] << 8 | error[41];
    }

    [Fact]
    public void At_layer_2_a_server_behind_a_router_is_rejected()
    {
        using var routed = new RoutedSegment(servers: 1);
        var daemon = routed.Segment.Start();
        Assert.Equal(0, daemon.Terminate());
        routed.Segment.Write(routed.Segment.File with { ProfileLines = "dsrType: l2" });
        using var rejected = routed.Segment.Launch();
        Assert.Equal(1, rejected.WaitForExit());
        Assert.Contains("10.9.1.11", rejected.CombinedOutput, StringComparison.Ordinal);
    }
}
