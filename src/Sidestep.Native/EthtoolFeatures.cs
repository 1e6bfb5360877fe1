using System.Buffers.Binary;
using System.Text;
using Sidestep.Native.Interop;

namespace Sidestep.Native;

/// <summary>The driver of a device and its enabled features, under the names that <c>ethtool -k</c> uses
/// (SIOCETHTOOL).</summary>
public static unsafe class EthtoolFeatures
{
    private const int Ethtool = 0x8946, NameBytes = 16, RequestBytes = 40;
    private const int DriverBytes = 196, StringBytes = 32, WordBits = 32;
    private const uint DriverInfo = 0x3, StringSetInfo = 0x37, Strings = 0x1b, Features = 0x3a, FeatureStrings = 4;

    /// <summary>Name of the driver; null when the device does not report it.</summary>
    public static string? Driver(string interfaceName)
    {
        // struct ethtool_drvinfo: command, driver (32 bytes), ...
        var info = new byte[DriverBytes];
        BinaryPrimitives.WriteUInt32LittleEndian(info, DriverInfo);
        return Query(interfaceName, info)
            ? Encoding.UTF8.GetString(info.AsSpan(4, StringBytes)).TrimEnd('\0').Split('\0')[0]
            : null;
    }

    /// <summary>The enabled features; empty when the device does not report them.</summary>
    public static IReadOnlySet<string> Enabled(string interfaceName)
    {
        var names = Names(interfaceName);
        var wordCount = (names.Length + WordBits - 1) / WordBits;
        // struct ethtool_gfeatures: command, number of blocks; each: available, requested, active, never changed
        var features = new byte[8 + 16 * wordCount];
        BinaryPrimitives.WriteUInt32LittleEndian(features, Features);
        BinaryPrimitives.WriteUInt32LittleEndian(features.AsSpan(4), (uint)wordCount);
        if (names.Length == 0 || !Query(interfaceName, features))
            return new HashSet<string>();
        return names.Where((_, bit) =>
        {
            var active = BinaryPrimitives.ReadUInt32LittleEndian(features.AsSpan(8 + 16 * (bit / WordBits) + 8));
            return (active >> bit % WordBits & 1) != 0;
        }).ToHashSet();
    }

    private static string[] Names(string interfaceName)
    {
        // struct ethtool_sset_info: command, reserved, mask of sets, lengths
        var sizes = new byte[20];
        BinaryPrimitives.WriteUInt32LittleEndian(sizes, StringSetInfo);
        BinaryPrimitives.WriteUInt64LittleEndian(sizes.AsSpan(8), 1UL << (int)FeatureStrings);
        if (!Query(interfaceName, sizes))
            return [];
        var count = BinaryPrimitives.ReadInt32LittleEndian(sizes.AsSpan(16));
        if (count is <= 0 or > 1024)
            return [];
        // struct ethtool_gstrings: command, set, length, strings
        var strings = new byte[12 + count * StringBytes];
        BinaryPrimitives.WriteUInt32LittleEndian(strings, Strings);
        BinaryPrimitives.WriteUInt32LittleEndian(strings.AsSpan(4), FeatureStrings);
        BinaryPrimitives.WriteInt32LittleEndian(strings.AsSpan(8), count);
        if (!Query(interfaceName, strings))
            return [];
        string NameAt(int i) =>
            Encoding.UTF8.GetString(strings.AsSpan(12 + i * StringBytes, StringBytes)).Split('\0')[0];
        return [.. Enumerable.Range(0, count).Select(NameAt)];
    }

    private static bool Query(string interfaceName, byte[] structure)
    {
        var descriptor = Libc.socket(Libc.AF_INET, Libc.SOCK_DGRAM | Libc.SOCK_CLOEXEC, 0);
        if (descriptor < 0)
            throw NativeException.OfLastError("socket AF_INET");
        using var owned = new FileDescriptor(descriptor);
        // struct ifreq: name, pointer
        var request = stackalloc byte[RequestBytes];
        var bytes = new Span<byte>(request, RequestBytes);
        bytes.Clear();
        if (Encoding.UTF8.GetByteCount(interfaceName) >= NameBytes)
            return false;
        Encoding.UTF8.GetBytes(interfaceName, bytes);
        fixed (byte* pointer = structure)
        {
            *(byte**)(request + NameBytes) = pointer;
            return Libc.ioctl(descriptor, Ethtool, request) == 0;
        }
    }
}
