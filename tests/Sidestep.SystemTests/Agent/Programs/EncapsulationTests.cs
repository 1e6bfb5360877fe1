using System.Net;
using System.Net.Sockets;

namespace Sidestep.SystemTests.Agent.Programs;

/// <summary> The real director and the agent's programs, in every encapsulation and family, over links with an MTU of
/// 1,500 bytes: connections, uploads of full segments, and datagrams, with IPv4 and IPv6 inside. </summary>
public sealed class EncapsulationTests : IDisposable
{
    private const string ClientAddress6 = "2001:db8:9::100", Director6 = "2001:db8:9::2", Server4 = "10.9.0.11",
        Server6 = "2001:db8:9::11";
    private const string Vip4 = Segment.Vip, Vip6 = "2001:db8:113::10";
    private const ushort UploadPort = 8080;
    private const int Bytes = 1 << 20;
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(15), HangTimeout = TimeSpan.FromSeconds(3);
    private readonly Segment _segment = new(servers: 0);
    private readonly NetworkNamespace _server;
    private readonly List<IDisposable> _services = [];
    private string State => Path.Combine(_segment.Lan.Folder, "agent");

    public EncapsulationTests()
    {
        _server = _segment.Server(1);
        foreach (var (node, address) in new[] { (_segment.Client, ClientAddress6), (_segment.Director, Director6),
            (_server, Server6) })
        {
            // Without a link-local address, a server has no source for neighbour solicitations: the VIP is on lo.
            node.Ip($"address add fe80::{address[(address.LastIndexOf(':') + 1)..]}/64 dev eth0 nodad");
            node.Ip($"address add {address}/64 dev eth0 nodad");
        }
        _segment.Client.Ip($"route add {Vip6}/128 via {Director6}");
        foreach (var vip in new[] { Vip4, Vip6 })
            _services.Add(new UploadServer(_server, vip));
    }

    [Theory]
    [InlineData("ipip", false)]
    [LongInlineData("ipip", true)]
    [LongInlineData("gue", false)]
    [InlineData("gue", true)]
    [InlineData("gre", false)]
    [LongInlineData("gre", true)]
    public void Connections_uploads_and_datagrams_pass_through_every_encapsulation(string kind, bool outer6)
    {
        Apply(kind, outer6);
        Start(kind, outer6);
        foreach (var vip in new[] { Vip4, Vip6 })
        {
            _services.Add(new UdpEchoServer(_server, vip));
            Eventually.True(() => IsEchoed(vip), () =>
                $"no reply from {vip} through {kind}; the agent counted {string.Join(' ', Counters())}", Timeout);
            Assert.Equal(Bytes, Upload(vip, Timeout));
        }
        var counters = Counters();
        Assert.True(counters["decapsulated"] > 2 * Bytes / 1460);
        Assert.Equal(2, counters["mssLowered"]);
        Assert.Equal(0, counters["rejectedSource"] + counters["rejectedVip"] + counters["malformed"]
            + counters["otherKind"] + counters["failed"]);
    }

    [Fact]
    public void An_upload_hangs_without_the_MSS_clamp()
    {
        Apply("ipip", outer6: false);
        Start("ipip", outer6: false);
        _services.Add(new UdpEchoServer(_server, Vip4));
        Eventually.True(() => IsEchoed(Vip4), () => "no answer", Timeout);
        _server.Run("tc", "filter", "del", "dev", "eth0", "egress");
        Assert.InRange(Upload(Vip4, HangTimeout), 0, Bytes - 1);

        Apply("ipip", outer6: false);
        Assert.Equal(Bytes, Upload(Vip4, Timeout));
    }

    public void Dispose()
    {
        foreach (var service in _services)
            service.Dispose();
        _server.Try(AgentCommand("remove"));
        _segment.Dispose();
    }

    private string[] AgentCommand(string options) =>
        [AgentProcess.Executable, .. options.Split(' '), "--state-dir", State];

    private void Apply(string kind, bool outer6) => _server.Run(AgentCommand(
        $"apply --vip {Vip4} --vip {Vip6} --interface eth0 --decapsulate {kind} --director "
            + $"{(outer6 ? Director6 : Segment.DirectorAddress)}"));

    private void Start(string kind, bool outer6)
    {
        _segment.WriteText($$"""
            node:
              name: {{_segment.File.Name}}
              pinPath: {{_segment.File.PinPath}}
              onExit: remove
              interfaces: [ { name: eth0, driver: auto } ]
            group:
              hashKey: 6a09e667f3bcc908bb67ae8584caa73b
            networkProfiles: [ { name: outer, encapsulation: {{kind}}, oversized: drop } ]
            pools:
              - { name: pool, {{_segment.File.PoolLines}},
                  servers: [ { name: server1, address: "{{(outer6 ? Server6 : Server4)}}" } ] }
            virtualServices:
              - { name: upload, vips: [ {{Vip4}}, "{{Vip6}}" ], protocol: tcp, port: {{UploadPort}},
                  pool: pool, networkProfile: outer }
              - { name: echo, vips: [ {{Vip4}}, "{{Vip6}}" ], protocol: udp, port: {{UdpEchoServer.Port}},
                  pool: pool, networkProfile: outer }

            """);
        _segment.Start();
    }

    private Dictionary<string, long> Counters()
    {
        using var document = System.Text.Json.JsonDocument.Parse(_server.Try(AgentCommand("verify --json")).Output);
        return document.RootElement.GetProperty("counters").EnumerateObject()
            .ToDictionary(static c => c.Name, static c => c.Value.GetInt64());
    }

    /// <summary>Sends one datagram; true if the reply comes from the VIP.</summary>
    private bool IsEchoed(string vip) => _segment.Client.Inside(() =>
    {
        var address = IPAddress.Parse(vip);
        using var socket = new Socket(address.AddressFamily, SocketType.Dgram,
            ProtocolType.Udp)
        { ReceiveTimeout = 200 };
        // Connected: the socket accepts replies from the VIP only.
        socket.Connect(new IPEndPoint(address, UdpEchoServer.Port));
        try
        {
            socket.Send("hello"u8);
            var buffer = new byte[64];
            return socket.Receive(buffer) == 5;
        }
        catch (SocketException)
        {
            return false;
        }
    });

    /// <summary>Uploads, and returns the number of bytes that the server confirms within the limit.</summary>
    private int Upload(string vip, TimeSpan limit) => _segment.Client.Inside(() =>
    {
        var address = IPAddress.Parse(vip);
        using var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp)
        {
            SendTimeout = (int)limit.TotalMilliseconds,
            ReceiveTimeout = (int)limit.TotalMilliseconds,
            LingerState = new LingerOption(true, 0),
        };
        socket.Connect(new IPEndPoint(address, UploadPort));
        try
        {
            socket.Send(new byte[Bytes]);
            socket.Shutdown(SocketShutdown.Send);
            var reply = new byte[4];
            return socket.Receive(reply) == 4 ? BitConverter.ToInt32(reply) : -1;
        }
        catch (SocketException)
        {
            return 0;
        }
    });

    /// <summary>Receives an upload, and replies with its number of bytes.</summary>
    private sealed class UploadServer : IDisposable
    {
        private readonly Socket _listener;
        private readonly Thread _thread;

        public UploadServer(NetworkNamespace netns, string vip)
        {
            _listener = netns.Inside(() =>
            {
                var address = IPAddress.Parse(vip);
                var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
                socket.Bind(new IPEndPoint(address.AddressFamily == AddressFamily.InterNetwork ? IPAddress.Any
                    : IPAddress.IPv6Any, UploadPort));
                socket.Listen();
                return socket;
            });
            _thread = new Thread(Serve) { IsBackground = true };
            _thread.Start();
        }

        public void Dispose()
        {
            _listener.Dispose();
            _thread.Join();
        }

        private void Serve()
        {
            var buffer = new byte[1 << 16];
            while (true)
            {
                try
                {
                    using var connection = _listener.Accept();
                    connection.ReceiveTimeout = (int)Timeout.TotalMilliseconds;
                    var total = 0;
                    for (int length; (length = connection.Receive(buffer)) > 0;)
                        total += length;
                    connection.Send(BitConverter.GetBytes(total));
                }
                catch (SocketException) when (_listener.SafeHandle.IsClosed)
                {
                    return;
                }
                catch (ObjectDisposedException)
                {
                    return;
                }
                catch (SocketException)
                {
                    // The client has closed the connection.
                }
            }
        }
    }
}
