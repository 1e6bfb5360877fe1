using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;

namespace Sidestep.SystemTests.Agent.Programs;

/// <summary>Uploads through the encapsulation: aggregates of many segments must survive decapsulation.</summary>
public sealed class BulkTransferTests
{
    private const int Port = 8080;
    private const int Megabytes = 32;
    private const int SegmentBytes = 1428;

    [Theory]
    [InlineData(true)] // the sender's own aggregates arrive as they are (as from a virtual machine)
    [InlineData(false)] // segments on the wire, aggregated by the receiver's GRO
    public void An_upload_arrives_complete_and_still_aggregated(bool aggregatesOnTheWire)
    {
        using var setup = new RealServer();
        if (!aggregatesOnTheWire)
        {
            setup.Outside.Run("ethtool", "-K", "eth0", "tso", "off", "gso", "off", "tx", "off");
            setup.Server.Run("ethtool", "-K", "eth0", "gro", "on");
        }
        AttachDirector(setup);
        setup.ApplyLayer3();

        var sent = Upload(setup, out var received);

        Assert.Equal(sent, received);
        var decapsulated = setup.Counters()["decapsulated"];
        var segments = (Megabytes << 20) / SegmentBytes;
        Assert.InRange(decapsulated, 10, segments / 2);
    }

    private static void AttachDirector(RealServer setup)
    {
        setup.Outside.Run("tc", "qdisc", "add", "dev", "eth0", "clsact");
        setup.Outside.Run("tc", "filter", "add", "dev", "eth0", "egress", "bpf", "direct-action",
            "object-file", setup.ExtractTestPrograms(), "section", "tc/encapsulate");
        // Makes space for the outer header, as the lowered MSS of a real server does.
        setup.Outside.Ip($"route add {RealServer.Vip} via {RealServer.Address} mtu 1480");
    }

    private static string Upload(RealServer setup, out string received)
    {
        using var listener = setup.Server.Inside(static () =>
        {
            var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            socket.Bind(new IPEndPoint(IPAddress.Any, Port));
            socket.Listen();
            return socket;
        });
        using var client = setup.Outside.Inside(static () =>
            new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { SendTimeout = 10_000 });
        var serving = Task.Run(() =>
        {
            using var connection = listener.Accept();
            connection.ReceiveTimeout = 10_000;
            Assert.Equal(RealServer.Vip, ((IPEndPoint)connection.LocalEndPoint!).Address.ToString());
            using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            var buffer = new byte[1 << 18];
            for (int length; (length = connection.Receive(buffer)) > 0;)
                hash.AppendData(buffer, 0, length);
            return Convert.ToHexString(hash.GetHashAndReset());
        });
        client.Connect(RealServer.Vip, Port);
        using var sent = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var random = new Random(1);
        var block = new byte[1 << 20];
        for (var i = 0; i < Megabytes; i++)
        {
            random.NextBytes(block);
            sent.AppendData(block);
            client.Send(block);
        }
        client.Shutdown(SocketShutdown.Send);
        Assert.True(serving.Wait(TimeSpan.FromSeconds(60)), "the server did not receive the end");
        received = serving.Result;
        return Convert.ToHexString(sent.GetHashAndReset());
    }
}
