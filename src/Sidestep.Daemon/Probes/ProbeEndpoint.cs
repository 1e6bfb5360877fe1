using System.Net;
using System.Net.Sockets;
using Sidestep.Native;

namespace Sidestep.Daemon.Probes;

/// <summary>Where a probe goes, and by which way.</summary>
/// <param name="Address">VIP or server.</param>
/// <param name="Port">0 where there are no ports.</param>
/// <param name="Source">The director's address; null: the kernel chooses.</param>
/// <param name="Mark">Says which server is meant; 0: the one with the address.</param>
internal readonly record struct ProbeEndpoint(IPAddress Address, int Port, IPAddress? Source, uint Mark)
{
    internal IPEndPoint EndPoint => new(Address, Port);

    /// <summary>A socket that goes this way. The kernel lets it hear only what comes from the address, once it is connected.</summary>
    /// <exception cref="SocketException">No socket to be had, or the source is not an address of this machine any more.</exception>
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
            // A probe that ends by a reset leaves nothing behind: thousands in TIME-WAIT would take all ports.
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
