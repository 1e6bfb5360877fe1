using System.Buffers.Binary;
using System.Text;
using Sidestep.Native.Interop;

namespace Sidestep.Native;

/// <summary>Work of the kernel that a network device does instead (SIOCETHTOOL).</summary>
public static unsafe class EthtoolOffloads
{
    private const int Ethtool = 0x8946, NameBytes = 16, RequestBytes = 40;
    private const uint GetFlags = 0x25, LargeReceive = 1 << 15;

    // ETHTOOL_G*, under the names that ethtool -k prints
    private static readonly (uint Command, string Name)[] FlagCommands =
    [
        (0x14, "rx-checksumming"), (0x16, "tx-checksumming"), (0x1e, "tcp-segmentation-offload"),
        (0x23, "generic-segmentation-offload"), (0x2b, "generic-receive-offload"),
    ];

    /// <summary>Those that are on, as far as the device says it.</summary>
    public static IReadOnlyList<string> Enabled(string interfaceName)
    {
        var descriptor = Libc.socket(Libc.AF_INET, Libc.SOCK_DGRAM | Libc.SOCK_CLOEXEC, 0);
        if (descriptor < 0)
            throw NativeException.OfLastError("socket AF_INET");
        using var owned = new FileDescriptor(descriptor);
        var on = new List<string>();
        foreach (var (command, name) in FlagCommands)
        {
            if (Query(descriptor, interfaceName, command) is > 0)
                on.Add(name);
        }
        if ((Query(descriptor, interfaceName, GetFlags) & LargeReceive) is > 0)
            on.Add("large-receive-offload");
        return on;
    }

    /// <summary>The value of a flag; null when the device does not report it.</summary>
    private static uint? Query(int descriptor, string interfaceName, uint command)
    {
        // struct ethtool_value: command, value; struct ifreq: name, pointer
        var value = stackalloc uint[2];
        value[0] = command;
        value[1] = 0;
        var request = stackalloc byte[RequestBytes];
        var bytes = new Span<byte>(request, RequestBytes);
        bytes.Clear();
        if (Encoding.UTF8.GetByteCount(interfaceName) >= NameBytes)
            return null;
        Encoding.UTF8.GetBytes(interfaceName, bytes);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[NameBytes..], (ulong)value);
        return Libc.ioctl(descriptor, Ethtool, request) == 0 ? value[1] : null;
    }
}
