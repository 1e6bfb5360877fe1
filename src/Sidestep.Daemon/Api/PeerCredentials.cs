using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Sidestep.Daemon.Api;

/// <summary>The process at the other end of a Unix socket, when it connected (SO_PEERCRED, unix(7)).</summary>
/// <param name="ProcessId">Its ID; 0: it is in a PID namespace that this process does not see.</param>
/// <param name="UserId">Its effective user ID; the overflow ID (65534) if this user namespace does not have it.</param>
/// <param name="GroupId">Its effective group ID.</param>
internal sealed record PeerCredentials(int ProcessId, uint UserId, uint GroupId)
{
    private const int SolSocket = 1, SoPeerCred = 17;

    /// <summary>Asks the kernel; null: the socket is no Unix socket, or this is not Linux.</summary>
    internal static PeerCredentials? Of(Socket socket)
    {
        if (!OperatingSystem.IsLinux() || socket.AddressFamily != AddressFamily.Unix)
            return null;
        Span<uint> credentials = stackalloc uint[3]; // struct ucred: pid, uid, gid
        socket.GetRawSocketOption(SolSocket, SoPeerCred, MemoryMarshal.AsBytes(credentials));
        return new PeerCredentials((int)credentials[0], credentials[1], credentials[2]);
    }
}
