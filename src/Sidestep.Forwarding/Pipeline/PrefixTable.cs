using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace Sidestep.Forwarding.Pipeline;

/// <summary>Maps prefixes of both families to numbers by longest-prefix match. A lookup takes one step per prefix
/// length. Immutable.</summary>
internal sealed class PrefixTable
{
    private readonly Level[] _four;
    private readonly Level[] _six;

    private sealed record Level(ulong HighMask, ulong LowMask, AddressTable Prefixes);

    internal PrefixTable(IEnumerable<(IPNetwork Prefix, int Number)> prefixes)
    {
        var all = prefixes.ToArray();
        _four = Levels(all.Where(static p => !IsIpv6(p.Prefix)));
        _six = Levels(all.Where(static p => IsIpv6(p.Prefix)));
        IsEmpty = all.Length == 0;
    }

    internal bool IsEmpty { get; }

    /// <summary>Number of the longest prefix that contains an address; -1 when none does.</summary>
    /// <param name="isIpv6">Family of the address.</param>
    /// <param name="first">First word of the address as read little-endian from the wire; of IPv4, the only
    /// one.</param>
    /// <param name="second">Second word; 0 for IPv4.</param>
    internal int Find(bool isIpv6, ulong first, ulong second)
    {
        // In host byte order, with IPv4 in the upper 32 bits, so that masks of both families are upper bits.
        var high = isIpv6
            ? BinaryPrimitives.ReverseEndianness(first) : (ulong)BinaryPrimitives.ReverseEndianness((uint)first) << 32;
        var low = BinaryPrimitives.ReverseEndianness(second);
        foreach (var level in isIpv6 ? _six : _four)
        {
            if (level.Prefixes.Find(high & level.HighMask, low & level.LowMask) is >= 0 and var number)
                return number;
        }
        return -1;
    }

    private static Level[] Levels(IEnumerable<(IPNetwork Prefix, int Number)> prefixes) =>
    [
        .. prefixes.GroupBy(static p => p.Prefix.PrefixLength).OrderByDescending(static g => g.Key)
            .Select(static g => new Level(Mask(g.Key), Mask(g.Key - 64),
                new AddressTable([.. g.Select(static p => Masked(p.Prefix, p.Number))]))),
    ];

    /// <summary>A word whose upper <paramref name="bits"/> bits are set; none below 0, all above 64.</summary>
    private static ulong Mask(int bits) => bits <= 0 ? 0 : bits >= 64 ? ulong.MaxValue : ulong.MaxValue << 64 - bits;

    private static (ulong High, ulong Low, int Number) Masked(IPNetwork prefix, int number)
    {
        var (high, low) = Words(prefix.BaseAddress);
        return (high & Mask(prefix.PrefixLength), low & Mask(prefix.PrefixLength - 64), number);
    }

    private static (ulong High, ulong Low) Words(IPAddress address)
    {
        Span<byte> bytes = stackalloc byte[16];
        bytes.Clear();
        address.TryWriteBytes(bytes, out _);
        return (BinaryPrimitives.ReadUInt64BigEndian(bytes), BinaryPrimitives.ReadUInt64BigEndian(bytes[8..]));
    }

    private static bool IsIpv6(IPNetwork prefix) => prefix.BaseAddress.AddressFamily == AddressFamily.InterNetworkV6;
}
