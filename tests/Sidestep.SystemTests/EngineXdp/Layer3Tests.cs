using System.Net;
using System.Net.Sockets;
using System.Text.Json;

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

    /// <summary>No interface or route of the director shows that a link behind its router is smaller: only probes do.
    /// The number holds for ICMP, for the status and for TCP, and goes when the link has grown.</summary>
    [Theory]
    [InlineData("auto")]
    [InlineData("af-packet")]
    public void Measured_path_MTU_is_told_to_clients_until_the_path_carries_more(string driver)
    {
        using var routed = new RoutedSegment(servers: 1);
        var (segment, server) = (routed.Segment, routed.Segment.Servers[0]);
        routed.First.Ip("link set eth1 mtu 1400");
        server.Ip("link set eth0 mtu 1400");
        segment.File = segment.File with
        {
            OnExit = "keep",
            Interfaces = [("eth0", driver)],
            PoolLines = "monitors: [quick]",
            Monitors = ["name: quick, type: icmp, interval: 1, timeout: 1, rise: 1"],
            Services = [.. segment.File.Services, new UdpService("files", Segment.Vip, 80, Protocol: "tcp")],
        };
        var daemon = segment.Start();
        // Until then, the director forwards what does not arrive.
        Eventually.True(() => MtuForClient(segment, 1381) == 1380, segment.StatusText, TimeSpan.FromSeconds(60));
        Assert.Null(MtuForClient(segment, 1380));
        Assert.Equal((1480, 1380), PathMtuOf(segment));

        // Small segments of the handshake would pass anyway; these are as long as the client's link permits.
        Upload(segment, server, 1_000_000);

        // What was measured outlives the daemon.
        Assert.Equal(0, daemon.Terminate());
        segment.Start();
        Assert.Equal(1380, MtuForClient(segment, 1381));

        routed.First.Ip("link set eth1 mtu 1500");
        server.Ip("link set eth0 mtu 1500");
        Eventually.True(() => MtuForClient(segment, 1480) is null, segment.StatusText, TimeSpan.FromSeconds(90));
        Eventually.True(() => PathMtuOf(segment) == (1480, 1480), segment.StatusText);
    }

    private static (int? PathMtu, int? Measured) PathMtuOf(Segment segment)
    {
        var server = segment.Status().GetProperty("health").GetProperty("servers")[0];
        int? Number(string name) => server.GetProperty(name) is { ValueKind: JsonValueKind.Number } value
            ? value.GetInt32() : null;
        return (Number("pathMtu"), Number("measuredPathMtu"));
    }

    /// <summary>Sends bytes to port 80 of the VIP, and waits until the server has all of them.</summary>
    private static void Upload(Segment segment, NetworkNamespace server, int bytes)
    {
        using var listener = server.Inside(static () =>
        {
            var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            socket.Bind(new IPEndPoint(IPAddress.Parse(Segment.Vip), 80));
            socket.Listen();
            return socket;
        });
        using var client = segment.Client.Inside(static () =>
            new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { SendTimeout = 30_000 });
        client.Connect(new IPEndPoint(IPAddress.Parse(Segment.Vip), 80));
        using var accepted = listener.Accept();
        accepted.ReceiveTimeout = 30_000;
        var sending = Task.Run(() =>
        {
            client.Send(new byte[bytes]);
            client.Shutdown(SocketShutdown.Send);
        });
        var (buffer, received) = (new byte[65536], 0);
        while (accepted.Receive(buffer) is var length and > 0)
            received += length;
        Assert.Equal(bytes, received);
        Assert.True(sending.Wait(TimeSpan.FromSeconds(30)));
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
