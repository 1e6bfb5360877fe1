using System.Buffers.Binary;
using System.Net;

namespace Sidestep.Native.Netlink;

/// <summary>Sockets that wait for clients, listed by sock_diag(7), which unlike /proc/net/tcp does not walk through
/// every connection.</summary>
public static class ListeningSockets
{
    private const int SocketDiagnostics = 4;
    private const ushort ByFamily = 20;
    private const byte Tcp = 6, Udp = 17;
    private const uint Listening = 1 << 10, Unconnected = 1 << 7;
    private const int RequestBytes = 56, ReplyPortAt = 4, ReplyAddressAt = 8;

    /// <summary>Lists TCP and UDP sockets of both families, at most <paramref name="limit"/>.</summary>
    /// <exception cref="NativeException">ENOENT: the kernel lacks the module that answers.</exception>
    public static IReadOnlyList<(string Protocol, IPAddress Address, int Port)> List(int limit)
    {
        using var socket = NetlinkSocket.Open(0, SocketDiagnostics);
        var found = new List<(string, IPAddress, int)>();
        foreach (var (protocol, name, states) in new[] { (Tcp, "tcp", Listening), (Udp, "udp", Unconnected) })
        {
            foreach (var family in new[] { NetlinkFamily.InterNetwork, NetlinkFamily.InterNetworkV6 })
            {
                // struct inet_diag_req_v2: family, protocol, extensions, padding, states, socket
                var request = new byte[RequestBytes];
                request[0] = family;
                request[1] = protocol;
                BinaryPrimitives.WriteUInt32LittleEndian(request.AsSpan(4), states);
                var list = new NetlinkRequest($"list {name} sockets", ByFamily, NetlinkRequest.Dump, request);
                foreach (var reply in socket.Execute(list))
                {
                    if (reply.Type != ByFamily || reply.Payload[0] != family || found.Count >= limit)
                        continue;
                    var bytes = reply.Payload.AsSpan(ReplyAddressAt, family == NetlinkFamily.InterNetwork ? 4 : 16);
                    var port = BinaryPrimitives.ReadUInt16BigEndian(reply.Payload.AsSpan(ReplyPortAt));
                    found.Add((name, new IPAddress(bytes), port));
                }
            }
        }
        return found;
    }
}
