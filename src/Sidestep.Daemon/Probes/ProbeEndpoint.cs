using System.Net;
using System.Net.Sockets;
using Sidestep.Native;

namespace Sidestep.Daemon.Probes;

/// <summary>The target of a probe, and the path to it.</summary>
/// <param name="Address">The VIP, or the server's own address.</param>
/// <param name="Port">0 for protocols without ports.</param>
/// <param name="Source">The director's address; null: the kernel chooses it.</param>
/// <param name="Mark">The mark (SO_MARK) that identifies the server; 0: no DSR path.</param>
internal readonly record struct ProbeEndpoint(IPAddress Address, int Port, IPAddress? Source, uint Mark)
{
    /// <summary>Address and port as a socket needs them.</summary>
    internal IPEndPoint EndPoint => new(Address, Port);

    /// <summary>Opens a socket whose packets take this path. Once connected, it receives packets from the target
    /// only.</summary>
    /// <exception cref="SocketException">The kernel gives no socket, or the source is no longer an address of this
    /// machine.</exception>
    internal Socket Open(SocketType type, ProtocolType protocol)
    {
        var socket = new Socket(Address.AddressFamily, type, protocol);
        try
        {
            if (Mark != 0)
                SocketSettings.SetMark(socket, Mark);
            if (Source is not null)
            {
                if (type != SocketType.Raw)
                    SocketSettings.LeavePortToConnect(socket);
                socket.Bind(new IPEndPoint(Source, 0));
            }
            // A probe ends with a reset: thousands of connections in TIME-WAIT would use up the ports.
            if (type == SocketType.Stream)
                socket.LingerState = new LingerOption(true, 0);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
