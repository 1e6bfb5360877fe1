using System.Buffers.Binary;
using System.Net.Sockets;
using System.Security.Cryptography;
using Sidestep.Daemon.Doctor;
using Sidestep.Native;
using Sidestep.Packets;

namespace Sidestep.Daemon.Probes;

/// <summary>An echo request of a given length, and its reply (RFC 792, RFC 4443 section 4). The socket is raw, because
/// the kernel's ping sockets are limited to net.ipv4.ping_group_range, which is empty by default.</summary>
internal static class EchoProbe
{
    /// <summary>Length of the ICMP header and the nonce that identifies the reply.</summary>
    internal const int MinBytes = IcmpPacket.HeaderLength + NonceBytes;

    private const int NonceBytes = 16;
    private const int WordBytes = 4;
    private const byte Request4 = 8, Reply4 = 0, Request6 = 128, Reply6 = 129;

    /// <summary>Sends a request and waits for its reply.</summary>
    /// <param name="endpoint">The target.</param>
    /// <param name="datagramBytes">Length from the IP header on; 0: the shortest. The request is never
    /// fragmented.</param>
    /// <param name="cancellation">The timeout.</param>
    internal static async Task RunAsync(ProbeEndpoint endpoint, int datagramBytes, CancellationToken cancellation)
    {
        var isIpv4 = endpoint.Address.AddressFamily == AddressFamily.InterNetwork;
        using var socket = Open(endpoint);
        await socket.ConnectAsync(endpoint.EndPoint, cancellation).ConfigureAwait(false);
        var request = new byte[Math.Max(MinBytes, datagramBytes - (isIpv4 ? Ipv4Header.Length : Ipv6Header.Length))];
        request[0] = isIpv4 ? Request4 : Request6;
        RandomNumberGenerator.Fill(request.AsSpan(4, 4 + NonceBytes));
        // Over IPv6 the kernel computes the checksum.
        if (isIpv4)
            BinaryPrimitives.WriteUInt16BigEndian(request.AsSpan(2), InternetChecksum.Compute(request));
        await socket.SendAsync(request, cancellation).ConfigureAwait(false);
        await ReceiveReplyAsync(socket, request, cancellation).ConfigureAwait(false);
    }

    /// <summary>Sends a request by other means than a socket, and waits for its reply.</summary>
    /// <param name="endpoint">The target; its source is set.</param>
    /// <param name="datagramBytes">Length from the IP header on.</param>
    /// <param name="send">Sends the datagram, from its IP header on; false: it could not be sent.</param>
    /// <param name="cancellation">The timeout.</param>
    /// <exception cref="SocketException">The datagram could not be sent.</exception>
    internal static async Task RunAsync(ProbeEndpoint endpoint, int datagramBytes, Func<byte[], bool> send,
        CancellationToken cancellation)
    {
        var isIpv4 = endpoint.Address.AddressFamily == AddressFamily.InterNetwork;
        using var socket = Open(endpoint);
        await socket.ConnectAsync(endpoint.EndPoint, cancellation).ConfigureAwait(false);
        var packet = ProbePacket.Echo(endpoint.Source!, endpoint.Address,
            (ushort)RandomNumberGenerator.GetInt32(ushort.MaxValue + 1),
            (ushort)RandomNumberGenerator.GetInt32(ushort.MaxValue + 1), datagramBytes);
        if (!send(packet))
            throw new SocketException((int)SocketError.NetworkDown);
        await ReceiveReplyAsync(socket, packet[(isIpv4 ? Ipv4Header.Length : Ipv6Header.Length)..], cancellation)
            .ConfigureAwait(false);
    }

    /// <summary>Opens a socket that receives only echo replies.</summary>
    private static Socket Open(ProbeEndpoint endpoint)
    {
        var isIpv4 = endpoint.Address.AddressFamily == AddressFamily.InterNetwork;
        var socket = endpoint.Open(SocketType.Raw, isIpv4 ? ProtocolType.Icmp : ProtocolType.IcmpV6);
        try
        {
            SocketSettings.ReceiveIcmp(socket, isIpv4 ? Reply4 : Reply6);
            SocketSettings.NeverFragment(socket);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private static async Task ReceiveReplyAsync(Socket socket, byte[] request, CancellationToken cancellation)
    {
        var isIpv4 = socket.AddressFamily == AddressFamily.InterNetwork;
        var reply = new byte[request.Length + 60];
        var sameBytes = Math.Min(4 + NonceBytes, request.Length - 4);
        while (true)
        {
            var length = await socket.ReceiveAsync(reply, cancellation).ConfigureAwait(false);
            // A raw IPv4 socket receives the IP header too.
            var begin = isIpv4 ? (reply[0] & 0x0f) * WordBytes : 0;
            if (length - begin == request.Length && reply[begin] == (isIpv4 ? Reply4 : Reply6)
                && reply.AsSpan(begin + 4, sameBytes).SequenceEqual(request.AsSpan(4, sameBytes)))
                return;
        }
    }
}
