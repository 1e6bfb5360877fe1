using System.Buffers.Binary;
using System.Net;

namespace Sidestep.Native.Netlink;

/// <summary>Sockets that wait for clients, asked by sock_diag(7): unlike /proc/net/tcp, without walking through every
/// connection.</summary>
public static class ListeningSockets
{
    private const int SocketDiagnostics = 4;
    private const ushort ByFamily = 20;
    private const byte Tcp = 6, Udp = 17;
    private const uint Listening = 1 << 10, Unconnected = 1 << 7;
    private const int RequestBytes = 56, ReplyPortAt = 4, ReplyAddressAt = 8;

    /// <summary>TCP and UDP of both families, at most so many.</summary>
    /// <exception cref="NativeException">ENOENT: the kernel lacks what answers.</exception>
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
                foreach (var reply in socket.Execute(new NetlinkRequest($"list {name} sockets", ByFamily, NetlinkRequest.Dump, request)))
                {
                    if (reply.Type != ByFamily || reply.Payload[0] != family || found.Count >= limit)
                        continue;
                    var bytes = reply.Payload.AsSpan(ReplyAddressAt, family == NetlinkFamily.InterNetwork ? 4 : 16);
                    found.Add((name, new IPAddress(bytes), BinaryPrimitives.ReadUInt16BigEndian(reply.Payload.AsSpan(ReplyPortAt))));
                }
            }
        }
        return found;
    }
}
