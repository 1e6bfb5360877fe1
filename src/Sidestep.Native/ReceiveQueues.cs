using System.Runtime.InteropServices;
using System.Text;
using Sidestep.Native.Interop;

namespace Sidestep.Native;

/// <summary>How many queues an interface receives by (ethtool's ETHTOOL_GCHANNELS).</summary>
public static unsafe class ReceiveQueues
{
    private const int Ethtool = 0x8946, NameBytes = 16, RequestBytes = 40;
    private const uint GetChannels = 0x3c;

    /// <summary>struct ethtool_channels</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct Channels
    {
        internal uint Command, MostReceive, MostTransmit, MostOther, MostCombined, Receive, Transmit, Other, Combined;
    }

    /// <summary>Their number; 1 for a device that does not say it.</summary>
    public static int Of(string interfaceName)
    {
        var descriptor = Libc.socket(Libc.AF_INET, Libc.SOCK_DGRAM | Libc.SOCK_CLOEXEC, 0);
        if (descriptor < 0)
            throw NativeException.OfLastError("socket AF_INET");
        using var owned = new FileDescriptor(descriptor);
        var channels = new Channels { Command = GetChannels };
        // struct ifreq: name, pointer
        var request = stackalloc byte[RequestBytes];
        new Span<byte>(request, RequestBytes).Clear();
        Encoding.UTF8.GetBytes(interfaceName.AsSpan()[..Math.Min(interfaceName.Length, NameBytes - 1)], new Span<byte>(request, NameBytes - 1));
        *(Channels**)(request + NameBytes) = &channels;
        return Libc.ioctl(descriptor, Ethtool, request) == 0 ? (int)Math.Max(channels.Receive + channels.Combined, 1) : 1;
    }
}
