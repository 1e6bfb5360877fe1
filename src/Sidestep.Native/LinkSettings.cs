using Sidestep.Native.Interop;

namespace Sidestep.Native;

/// <summary>Settings of an interface, read through a socket of its network namespace (netdevice(7)).</summary>
internal static unsafe class LinkSettings
{
    private const int NameOfIndex = 0x8910, MtuOfName = 0x8921, RequestBytes = 40, ValueAt = 16;

    /// <summary>The MTU in bytes; null when the interface does not exist.</summary>
    internal static int? Mtu(int socket, int interfaceIndex)
    {
        // struct ifreq: name, value
        var request = stackalloc byte[RequestBytes];
        new Span<byte>(request, RequestBytes).Clear();
        *(int*)(request + ValueAt) = interfaceIndex;
        return Libc.ioctl(socket, NameOfIndex, request) == 0 && Libc.ioctl(socket, MtuOfName, request) == 0
            ? *(int*)(request + ValueAt) : null;
    }
}
