using System.Net;
using System.Net.Sockets;

namespace Sidestep.SystemTests.Daemon;

/// <summary>Clients whose packets no service or no server can have: what their sockets report.</summary>
public sealed class RejectedPacketsTests
{
    private const int UnusedPort = 9;
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(20);

    [Theory]
    [InlineData("auto")]
    [LongInlineData("af-packet")]
    public void Clients_learn_at_once_that_no_service_or_no_server_can_have_their_packets(string driver)
    {
        using var segment = new Segment(servers: 1);
        segment.File = segment.File with { Interfaces = [("eth0", driver)] };
        // A VIP out of service answers no ARP request.
        segment.Client.Ip($"neigh add {Segment.Vip} lladdr {Lan.MacOf(segment.Director, "eth0")} dev eth0");
        segment.Start();
        (SocketError Tcp, SocketError Udp) Result(int port) =>
            (Connect(segment.Client, port), Exchange(segment.Client, port));

        // Without the key: as a host without a listener does.
        Assert.Equal((SocketError.ConnectionRefused, SocketError.ConnectionRefused), Result(UnusedPort));
        Assert.Equal(SocketError.Success, Exchange(segment.Client, EchoServer.Port));

        segment.Apply(segment.File with { GroupLines = ["onNoService: unreachable"] });
        Assert.Equal((SocketError.ConnectionRefused, SocketError.ConnectionRefused), Result(UnusedPort));

        foreach (var (policy, expected) in new[]
        {
            ("reset", SocketError.ConnectionRefused), ("unreachable", SocketError.HostUnreachable),
        })
        {
            segment.Apply(segment.File with
            {
                Servers = [],
                Services =
                [
                    new UdpService("udp", Segment.Vip, EchoServer.Port, Lines: $"onNoServer: {policy}"),
                    new UdpService("tcp", Segment.Vip, EchoServer.Port, Protocol: "tcp",
                        Lines: $"onNoServer: {policy}"),
                ],
            });
            // UDP applications are told of ports alone.
            Assert.Equal((expected, SocketError.ConnectionRefused), Result(EchoServer.Port));
        }

        var status = segment.Status();
        Assert.Equal(2, Packets(status.GetProperty("responses"), "tcp-reset"));
        Assert.Equal(6, Packets(status.GetProperty("responses"), "icmp-unreachable"));
        Assert.Equal(4, Packets(status.GetProperty("drops"), "no-service"));
        Assert.Equal(4, Packets(status.GetProperty("drops"), "no-server"));
    }

    private static long Packets(System.Text.Json.JsonElement counters, string name) =>
        counters.GetProperty(name).GetProperty("packets").GetInt64();

    /// <summary>The result of a connection attempt: TimedOut when nothing came back.</summary>
    private static SocketError Connect(NetworkNamespace client, int port)
    {
        using var socket = client.Inside(
            static () => new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp));
        using var timeout = new CancellationTokenSource(Timeout);
        try
        {
            socket.ConnectAsync(new IPEndPoint(IPAddress.Parse(Segment.Vip), port), timeout.Token).AsTask()
                .GetAwaiter().GetResult();
            return SocketError.Success;
        }
        catch (SocketException e)
        {
            return e.SocketErrorCode;
        }
        catch (OperationCanceledException)
        {
            return SocketError.TimedOut;
        }
    }

    /// <summary>The result of a datagram and its response, on a connected socket.</summary>
    private static SocketError Exchange(NetworkNamespace client, int port)
    {
        using var socket = client.Inside(
            static () => new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp));
        socket.ReceiveTimeout = (int)Timeout.TotalMilliseconds;
        try
        {
            socket.Connect(IPAddress.Parse(Segment.Vip), port);
            socket.Send(new byte[16]);
            socket.Receive(new byte[64]);
            return SocketError.Success;
        }
        catch (SocketException e)
        {
            return e.SocketErrorCode;
        }
    }
}
