using System.Buffers.Binary;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Sidestep.Native;
using NetworkNamespace = Sidestep.Testing.NetworkNamespace;

namespace Sidestep.SystemTests.Fixtures;

/// <summary>Sends and receives whole frames at an interface, independently of the product.</summary>
internal sealed class RawSocket : IDisposable
{
    private const ushort EveryProtocol = 3;
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(30);
    private readonly Socket _socket;
    private readonly byte[] _buffer = new byte[1 << 17];

    private RawSocket(Socket socket) => _socket = socket;

    public static RawSocket Open(NetworkNamespace netns, string interfaceName) => netns.Inside(() =>
    {
        var index = Kernel.InterfaceIndex(interfaceName)
            ?? throw new InvalidOperationException($"no interface {interfaceName}");
        var protocol = BinaryPrimitives.ReverseEndianness(EveryProtocol);
        var socket = new Socket(AddressFamily.Packet, SocketType.Raw, (ProtocolType)protocol);
        socket.Bind(new LinkEndPoint(index, EveryProtocol));
        return new RawSocket(socket);
    });

    public void Send(byte[] frame) => _socket.Send(frame);

    /// <summary>Receives every frame up to the first that is <paramref name="last"/>; fails when it does not arrive
    /// in time.</summary>
    public List<byte[]> ReceiveUntil(Func<byte[], bool> last)
    {
        var frames = new List<byte[]>();
        var clock = Stopwatch.StartNew();
        while (clock.Elapsed < Timeout)
        {
            if (!_socket.Poll(TimeSpan.FromMilliseconds(100), SelectMode.SelectRead))
                continue;
            var frame = _buffer.AsSpan(0, _socket.Receive(_buffer)).ToArray();
            frames.Add(frame);
            if (last(frame))
                return frames;
        }
        Assert.Fail(
            $"the expected frame did not arrive; received:\n{string.Join('\n', frames.Select(Convert.ToHexString))}");
        return frames;
    }

    public void Dispose() => _socket.Dispose();

    /// <summary>struct sockaddr_ll.</summary>
    private sealed class LinkEndPoint(int index, ushort protocol) : EndPoint
    {
        public override AddressFamily AddressFamily => AddressFamily.Packet;

        public override SocketAddress Serialize()
        {
            var address = new SocketAddress(AddressFamily.Packet, 20);
            var bytes = address.Buffer.Span;
            BinaryPrimitives.WriteUInt16BigEndian(bytes[2..], protocol);
            BinaryPrimitives.WriteInt32LittleEndian(bytes[4..], index);
            return address;
        }
    }
}
