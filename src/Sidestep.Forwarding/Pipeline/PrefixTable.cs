using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace Sidestep.Forwarding.Pipeline;

/// <summary>Prefixes of both families and a number for each; of those that hold an address the longest counts. A look-up takes as
/// many steps as there are lengths.</summary>
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

    /// <summary>The number of the longest prefix with an address; -1 when there is none.</summary>
    /// <param name="isIpv6">Its family.</param>
    /// <param name="first">The first word as it was read from the wire; of IPv4 the only one.</param>
    /// <param name="second">The second word.</param>
    internal int Find(bool isIpv6, ulong first, ulong second)
    {
        // In host order, IPv4 at the upper end, so that a mask is a mask.
        var high = isIpv6 ? BinaryPrimitives.ReverseEndianness(first) : (ulong)BinaryPrimitives.ReverseEndianness((uint)first) << 32;
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
        .. prefixes.GroupBy(static p => p.Prefix.PrefixLength).OrderByDescending(static g => g.Key).Select(static g => new Level(
            Mask(g.Key), Mask(g.Key - 64),
            new AddressTable([.. g.Select(static p => Masked(p.Prefix, p.Number))]))),
    ];

    /// <summary>So many upper bits of a word.</summary>
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
