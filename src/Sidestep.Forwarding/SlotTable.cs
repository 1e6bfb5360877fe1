using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Net;
using Sidestep.Model;

namespace Sidestep.Forwarding;

/// <summary>The consistent-hash table of a pool: each slot names the member that serves it (docs/adr/0003).</summary>
/// <remarks>
/// Every member walks a permutation of the slots of its own, made from its address and the hash key, and members take
/// turns claiming the next free slot of theirs. Slots are shared out by weight to within one slot; the table depends on
/// the set of members alone, not on their order; when one leaves, nearly all other slots keep their member.
/// </remarks>
public sealed class SlotTable
{
    private SlotTable(ImmutableArray<SlotMember> members, ImmutableArray<int> slots)
    {
        Members = members;
        Slots = slots;
    }

    /// <summary>A member of <see cref="SlotTable"/> with weight above 0, sorted by address.</summary>
    public ImmutableArray<SlotMember> Members { get; }

    /// <summary>For each slot the index of its member; empty when there is no member.</summary>
    public ImmutableArray<int> Slots { get; }

    /// <summary>Builds the table, in time proportional to slots times the logarithm of slots.</summary>
    /// <param name="key">The director's hash key: permutations depend on it, so that clients cannot foresee them.</param>
    /// <param name="members">In any order; those of weight 0 take no slot.</param>
    /// <param name="slotCount">A prime, see <see cref="SlotCounts"/>; at least the number of members with weight.</param>
    /// <exception cref="ArgumentException">Two members have the same address, or there are more members than slots.</exception>
    public static SlotTable Build(HashKey key, IEnumerable<SlotMember> members, int slotCount)
    {
        var sorted = members.Where(static m => m.Weight > 0).OrderBy(static m => m.Address, AddressOrder.Instance).ToImmutableArray();
        for (var i = 1; i < sorted.Length; i++)
        {
            if (sorted[i].Address.Equals(sorted[i - 1].Address))
                throw new ArgumentException($"two members have the address {sorted[i].Address}", nameof(members));
        }
        if (sorted.Length > slotCount)
            throw new ArgumentException($"{sorted.Length} members do not fit in {slotCount} slots", nameof(members));
        if (sorted.IsEmpty)
            return new SlotTable(sorted, []);
        return new SlotTable(sorted, ImmutableArray.Create(Fill(key, sorted, slotCount)));
    }

    private static int[] Fill(HashKey key, ImmutableArray<SlotMember> members, int slotCount)
    {
        const int Free = -1;
        var slots = new int[slotCount];
        Array.Fill(slots, Free);
        var quota = Quotas(members, slotCount);
        var taken = new int[members.Length];
        var position = new int[members.Length];
        var step = new int[members.Length];
        for (var i = 0; i < members.Length; i++)
        {
            var hash = HashOf(key, members[i].Address);
            position[i] = (int)((hash >> 32) % (ulong)slotCount);
            step[i] = (int)((hash & uint.MaxValue) % (ulong)(slotCount - 1)) + 1;
        }

        // A member whose share is a half of the largest comes up every second round; so everybody is served at the same
        // relative pace, and a member's early, most preferred slots are as safe for a light one as for a heavy one.
        var largest = quota.Max();
        for (int round = 1, filled = 0; filled < slotCount; round++)
        {
            for (var i = 0; i < members.Length; i++)
            {
                var due = (int)(((long)quota[i] * round + largest - 1) / largest);
                while (taken[i] < due && taken[i] < quota[i])
                {
                    while (slots[position[i]] != Free)
                        position[i] = (int)(((long)position[i] + step[i]) % slotCount);
                    slots[position[i]] = i;
                    taken[i]++;
                    filled++;
                }
            }
        }
        return slots;
    }

    /// <summary>Shares out the slots by weight: each member gets its exact share rounded down, the rest goes one each to the
    /// largest remainders, ties to the lower address.</summary>
    private static int[] Quotas(ImmutableArray<SlotMember> members, int slotCount)
    {
        var total = members.Sum(static m => (long)m.Weight);
        var quota = members.Select(m => (int)(m.Weight * (long)slotCount / total)).ToArray();
        var rest = slotCount - quota.Sum();
        var byRemainder = Enumerable.Range(0, members.Length)
            .OrderByDescending(i => members[i].Weight * (long)slotCount % total).ThenBy(static i => i);
        foreach (var i in byRemainder.Take(rest))
            quota[i]++;
        return quota;
    }

    private static ulong HashOf(HashKey key, IPAddress address)
    {
        Span<byte> bytes = stackalloc byte[16];
        bytes.Clear();
        address.TryWriteBytes(bytes, out var length);
        var state = FlowHash.Word(key.High, BinaryPrimitives.ReadUInt64BigEndian(bytes), key.Low);
        return FlowHash.Word(state, BinaryPrimitives.ReadUInt64BigEndian(bytes[8..]) ^ (ulong)length, key.Low);
    }
}

/// <summary>What a slot table knows of a real server.</summary>
/// <param name="Address">Its own address; identifies it, so that a renamed server keeps its slots.</param>
/// <param name="Weight">Its share, 0 or more.</param>
public readonly record struct SlotMember(IPAddress Address, int Weight);

/// <summary>Orders addresses by family, then by their bytes.</summary>
internal sealed class AddressOrder : IComparer<IPAddress>
{
    internal static AddressOrder Instance { get; } = new();

    public int Compare(IPAddress? x, IPAddress? y)
    {
        Span<byte> left = stackalloc byte[16], right = stackalloc byte[16];
        x!.TryWriteBytes(left, out var leftLength);
        y!.TryWriteBytes(right, out var rightLength);
        return leftLength != rightLength
            ? leftLength.CompareTo(rightLength)
            : left[..leftLength].SequenceCompareTo(right[..rightLength]);
    }
}
