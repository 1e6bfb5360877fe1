using System.Runtime.InteropServices;
using System.Text;
using Sidestep.Native.Interop;

namespace Sidestep.Native;

/// <summary>The receive queues of an interface (ethtool's ETHTOOL_GCHANNELS).</summary>
/// <param name="Count">Number of receive queues; 1 for a device that does not report it.</param>
/// <param name="AreCombined">True: the same queues send. False: the device counts receive and transmit queues
/// separately, as veth does.</param>
public readonly unsafe record struct ReceiveQueues(int Count, bool AreCombined)
{
    private const int Ethtool = 0x8946, NameBytes = 16, RequestBytes = 40;
    private const uint GetChannels = 0x3c;

    /// <summary>The kernel's <c>struct ethtool_channels</c>.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct Channels
    {
        internal uint Command, MostReceive, MostTransmit, MostOther, MostCombined, Receive, Transmit, Other, Combined;
    }

    /// <summary>Queries the driver of an interface; one combined queue when the driver does not report
    /// queues.</summary>
    public static ReceiveQueues Of(string interfaceName)
    {
        var descriptor = Libc.socket(Libc.AF_INET, Libc.SOCK_DGRAM | Libc.SOCK_CLOEXEC, 0);
        if (descriptor < 0)
            throw NativeException.OfLastError("socket AF_INET");
        using var owned = new FileDescriptor(descriptor);
        var channels = new Channels { Command = GetChannels };
        // struct ifreq: name, pointer
        var request = stackalloc byte[RequestBytes];
        new Span<byte>(request, RequestBytes).Clear();
        var name = interfaceName.AsSpan()[..Math.Min(interfaceName.Length, NameBytes - 1)];
        Encoding.UTF8.GetBytes(name, new Span<byte>(request, NameBytes - 1));
        *(Channels**)(request + NameBytes) = &channels;
        return Libc.ioctl(descriptor, Ethtool, request) == 0
            ? new ReceiveQueues(
                (int)Math.Max(channels.Receive + channels.Combined, 1),
                channels.MostCombined > 0 || channels.MostReceive == 0)
            : new ReceiveQueues(1, AreCombined: true);
    }
}
