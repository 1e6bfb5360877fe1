using System.Runtime.CompilerServices;

namespace Sidestep.Forwarding.Pipeline;

/// <summary>Maps addresses to numbers: a hash table with open addressing, at most half full. Immutable.</summary>
internal sealed class AddressTable
{
    private const ulong FoldMultiplier = 0xff51afd7ed558ccd, SpreadMultiplier = 0x9e3779b97f4a7c15;

    private readonly Entry[] _entries;
    private readonly int _shift;

    private struct Entry
    {
        internal ulong High, Low;
        internal int Number; // plus 1; 0: the entry is empty
    }

    internal AddressTable(IReadOnlyCollection<(ulong High, ulong Low, int Number)> addresses)
    {
        var bits = Math.Max(System.Numerics.BitOperations.Log2((uint)Math.Max(addresses.Count, 1)) + 2, 2);
        _entries = new Entry[1 << bits];
        _shift = 64 - bits;
        foreach (var (high, low, number) in addresses)
        {
            var at = First(high, low);
            while (_entries[at].Number != 0)
                at = at + 1 & _entries.Length - 1;
            _entries[at] = new Entry { High = high, Low = low, Number = number + 1 };
        }
    }

    /// <summary>The number of an address; -1 when the table does not contain it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal int Find(ulong high, ulong low)
    {
        var entries = _entries;
        for (var at = First(high, low); ; at++)
        {
            ref readonly var entry = ref entries[at & entries.Length - 1];
            if (entry.Number == 0 || entry.High == high && entry.Low == low)
                return entry.Number - 1;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private int First(ulong high, ulong low) => (int)((high ^ low * FoldMultiplier) * SpreadMultiplier >> _shift);
}
