using System.Globalization;
using System.Net.Sockets;

namespace Sidestep.Native;

/// <summary>Identifies the network namespace of this process, so that a later process can tell whether it is in the
/// same one.</summary>
/// <param name="Inode">Inode of <c>/proc/self/ns/net</c>. The kernel reuses it for a new namespace when the old one is
/// gone.</param>
/// <param name="Cookie">Unique between two boots (SO_NETNS_COOKIE); 0 on kernels before 5.14.</param>
/// <param name="BootId">Differs after every boot.</param>
public sealed record NetworkNamespace(ulong Inode, ulong Cookie, string BootId)
{
    private const int SolSocket = 1, SoNetnsCookie = 71;

    /// <summary>Reads the identity of the current namespace.</summary>
    public static NetworkNamespace Current()
    {
        // net:[4026531840]
        var link = new FileInfo("/proc/self/ns/net").LinkTarget
            ?? throw new NativeException("readlink /proc/self/ns/net", Interop.Libc.ENOENT);
        var inode = ulong.Parse(link.AsSpan(link.IndexOf('[') + 1).TrimEnd(']'), CultureInfo.InvariantCulture);
        return new NetworkNamespace(inode, ReadCookie(), File.ReadAllText("/proc/sys/kernel/random/boot_id").Trim());
    }

    private static ulong ReadCookie()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        Span<byte> cookie = stackalloc byte[8];
        try
        {
            return socket.GetRawSocketOption(SolSocket, SoNetnsCookie, cookie) == 8 ? BitConverter.ToUInt64(cookie) : 0;
        }
        catch (SocketException)
        {
            return 0;
        }
    }
}
