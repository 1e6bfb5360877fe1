using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using Sidestep.Daemon;
using Sidestep.Native;
using NetworkNamespace = Sidestep.Testing.NetworkNamespace;

namespace Sidestep.SystemTests.Daemon;

/// <summary>Punted packets leave in fragments. The kernel at the other end of the cable reassembles them and delivers
/// the datagram to a socket, or does not.</summary>
public sealed class PuntedFragmenterTests : IDisposable
{
    private const string Director4 = "10.9.0.2", Other4 = "10.9.0.11", Director6 = "2001:db8:9::2", Other6 =
        "2001:db8:9::11";
    private const ushort Port = 4789;
    private const int Ethernet = 14, Mtu = 1300;
    private readonly PointToPointLink _link = new([Director4 + "/24", Director6 + "/64"],
        [Other4 + "/24", Other6 + "/64"]);
    private readonly BpfObject _object;
    private readonly BpfProgram _program;
    private readonly List<string> _log = [];
    private readonly PuntedFragmenter _fragmenter;
    private readonly int _index;

    public PuntedFragmenterTests()
    {
        using var resource = typeof(PuntedFragmenterTests).Assembly.GetManifestResourceStream("punt.bpf.o")!;
        var elf = new byte[resource.Length];
        resource.ReadExactly(elf);
        _object = BpfObject.Open(elf, "punt");
        _object.Load();
        _program = _object.Program("punt");
        using var map = _object.Map("slow");
        _index = _link.Director.Inside(static () => Kernel.InterfaceIndex("eth0")!.Value);
        _fragmenter = _link.Director.Inside(() => new PuntedFragmenter(map, TestSupervisor.Of(Append), Append));
    }

    public void Dispose()
    {
        _fragmenter.Dispose();
        _program.Dispose();
        _object.Dispose();
        _link.Dispose();
    }

    [Theory]
    [InlineData(Director4, Other4)]
    [InlineData(Director6, Other6)]
    public void The_other_end_reassembles_the_fragments(string source, string destination)
    {
        using var socket = _link.Other.Inside(() => Listen(destination));
        using var wire = RawSocket.Open(_link.Other, "eth0");
        for (var i = 1; i <= 3; i++)
        {
            var payload = new byte[3000 + i];
            Array.Fill(payload, (byte)i);
            Punt(Frame(source, destination, payload));
            var received = new byte[4096];
            var length = socket.Receive(received);
            Assert.Equal(payload, received[..length]);
        }
        // Fragments arrived: none was longer than the MTU of the record, although the link has 1,500.
        var fragments = 0;
        var frames = wire.ReceiveUntil(f => IsFragment(f) && ++fragments == 9);
        Assert.All(frames.Where(IsFragment), static f => Assert.InRange(f.Length - Ethernet, 1, Mtu));
        Assert.Empty(_log);
    }

    [Fact]
    public void A_punted_frame_that_cannot_be_sent_is_logged_once_and_the_next_one_is_sent()
    {
        using var socket = _link.Other.Inside(static () => Listen(Other4));
        var broken = Frame(Director4, Other4, new byte[3000]);
        broken[Ethernet] = 0x55;
        Punt(broken);
        Punt(broken);
        Punt(Frame(Director4, Other4, new byte[3000]));
        Assert.Equal(3000, socket.Receive(new byte[4096]));
        lock (_log)
            Assert.Contains("version is 5", Assert.Single(_log), StringComparison.Ordinal);
    }

    /// <summary>Other packets on the link are short.</summary>
    private static bool IsFragment(byte[] frame) => frame.Length > 200;

    private void Punt(byte[] frame)
    {
        var record = new byte[16 + frame.Length];
        BinaryPrimitives.WriteInt32LittleEndian(record, _index);
        BinaryPrimitives.WriteInt32LittleEndian(record.AsSpan(4), frame.Length);
        BinaryPrimitives.WriteUInt16LittleEndian(record.AsSpan(8), Mtu);
        BinaryPrimitives.WriteUInt16LittleEndian(record.AsSpan(10), Ethernet);
        frame.CopyTo(record, 16);
        Assert.Equal(1u, _program.Run(record, new byte[4096]).ReturnValue);
    }

    private byte[] Frame(string source, string destination, byte[] payload)
    {
        var (from, to) = (IPAddress.Parse(source).GetAddressBytes(), IPAddress.Parse(destination).GetAddressBytes());
        var isIPv6 = from.Length == 16;
        var length = 8 + payload.Length;
        byte[] udp = [Port >> 8, Port & 0xff, Port >> 8, Port & 0xff, (byte)(length >> 8), (byte)length, 0, 0,
            .. payload];
        // A UDP datagram over IPv6 needs a checksum (RFC 8200 section 8.1).
        var sum = Checksum([.. from, .. to, 0, 17, (byte)(length >> 8), (byte)length, .. udp]);
        (udp[6], udp[7]) = ((byte)(sum >> 8), (byte)sum);
        byte[] header = isIPv6
            ? [0x60, 0, 0, 0, (byte)(length >> 8), (byte)length, 17, 64, .. from, .. to]
            : [0x45, 0, (byte)(length + 20 >> 8), (byte)(length + 20), 0, 0, 0, 0, 64, 17, 0, 0, .. from, .. to];
        return [.. Mac(_link.Other), .. Mac(_link.Director), .. isIPv6 ? new byte[] { 0x86, 0xdd } : [8, 0], .. header,
            .. udp];
    }

    private static ushort Checksum(byte[] bytes)
    {
        long sum = 0;
        for (var i = 0; i < bytes.Length; i++)
            sum += i % 2 == 0 ? bytes[i] << 8 : bytes[i];
        while (sum >> 16 != 0)
            sum = (sum & 0xffff) + (sum >> 16);
        return (ushort)~sum;
    }

    private static byte[] Mac(NetworkNamespace node) =>
        Convert.FromHexString(PointToPointLink.MacOf(node).Replace(":", "", StringComparison.Ordinal));

    private static Socket Listen(string address)
    {
        var socket = new Socket(IPAddress.Parse(address).AddressFamily, SocketType.Dgram,
            ProtocolType.Udp)
        { ReceiveTimeout = 5000 };
        socket.Bind(new IPEndPoint(IPAddress.Parse(address), Port));
        return socket;
    }

    private void Append(string text)
    {
        lock (_log)
            _log.Add(text);
    }
}
