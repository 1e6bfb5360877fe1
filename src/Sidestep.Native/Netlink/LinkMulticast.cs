using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using Sidestep.Native.Interop;

namespace Sidestep.Native.Netlink;

/// <summary>Link-layer multicast addresses that were added statically, so that an interface accepts their frames
/// (<c>ip maddress</c>, netdevice(7)). They stay until they are removed or the interface is deleted, and outlive the
/// process that added them.</summary>
public static unsafe class LinkMulticast
{
    private const string Table = "/proc/thread-self/net/dev_mcast";
    private const int MacBytes = 6;

    // struct ifreq: name, then struct sockaddr: family AF_UNSPEC, data
    private const int RequestBytes = 40, NameBytes = 16;

    /// <summary>Adds an address, unless it exists.</summary>
    /// <param name="interfaceName">The kernel's name.</param>
    /// <param name="mac">Six bytes in wire order.</param>
    /// <returns>False when it existed already.</returns>
    /// <exception cref="NativeException">EINVAL: the device has no such list. ENODEV: the device is gone.</exception>
    public static bool Add(string interfaceName, ReadOnlySpan<byte> mac) =>
        Change(Libc.SIOCADDMULTI, "SIOCADDMULTI", interfaceName, mac, [Libc.EEXIST]);

    /// <summary>Removes an address that was added statically, if it and the interface exist.</summary>
    /// <returns>False when it did not exist.</returns>
    public static bool Remove(string interfaceName, ReadOnlySpan<byte> mac) =>
        Change(Libc.SIOCDELMULTI, "SIOCDELMULTI", interfaceName, mac, [Libc.ENOENT, Libc.ENODEV]);

    /// <summary>The statically added addresses: name of the interface, and six bytes in lower-case
    /// hexadecimal.</summary>
    public static IReadOnlySet<(string Interface, string Group)> List() => Parse(File.ReadLines(Table));

    internal static IReadOnlySet<(string Interface, string Group)> Parse(IEnumerable<string> table) => table
        .Select(static l => l.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        // index, name, users, static users, address
        .Where(static c => c.Length == 5 && int.Parse(c[3], CultureInfo.InvariantCulture) > 0)
        .Select(static c => (c[1], c[4])).ToHashSet();

    private static bool Change(
        int command, string name, string interfaceName, ReadOnlySpan<byte> mac, ReadOnlySpan<int> ignoredErrors)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(mac.Length, MacBytes);
        var request = stackalloc byte[RequestBytes];
        var bytes = new Span<byte>(request, RequestBytes);
        bytes.Clear();
        if (Encoding.UTF8.GetByteCount(interfaceName) >= NameBytes)
            throw new ArgumentException($"interface name too long: {interfaceName}", nameof(interfaceName));
        Encoding.UTF8.GetBytes(interfaceName, bytes);
        BinaryPrimitives.WriteUInt16LittleEndian(bytes[NameBytes..], 0);
        mac.CopyTo(bytes[(NameBytes + 2)..]);
        var descriptor = Libc.socket(Libc.AF_INET, Libc.SOCK_DGRAM | Libc.SOCK_CLOEXEC, 0);
        if (descriptor < 0)
            throw NativeException.OfLastError("socket AF_INET");
        using var owned = new FileDescriptor(descriptor);
        if (Libc.ioctl(descriptor, (nuint)command, request) == 0)
            return true;
        var error = NativeException.OfLastError($"{name} {Convert.ToHexStringLower(mac)} on {interfaceName}");
        return ignoredErrors.Contains(error.Errno) ? false : throw error;
    }
}
