using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Net;
using System.Runtime.InteropServices;
using Sidestep.Model;

namespace Sidestep.Forwarding;

/// <summary>The consistent-hash table of a pool: each slot names the member that serves it (docs/adr/0003).</summary>
/// <remarks>
/// Each member has a permutation of the slots, derived from its address and the hash key. The members alternately take
/// the next free slot of their permutations. Each member gets its weighted share of the slots, to within one slot. The
/// table depends on the set of members alone, not on their order. When a member leaves, nearly all other slots keep
/// theirs. Algorithms other than the consistent hash use the slots differently: see <see cref="Of"/>. </remarks>
public sealed class SlotTable
{
    /// <summary>In place of a member: the slot has none. Packets of its tracked flows and for its previous server are
    /// still forwarded, all others are dropped.</summary>
    public const int NoMember = -1;

    private SlotTable(ImmutableArray<SlotMember> members, ImmutableArray<int> slots)
    {
        Members = members;
        Slots = slots;
    }

    /// <summary>The members with a weight above 0, by address.</summary>
    public ImmutableArray<SlotMember> Members { get; }

    /// <summary>For each slot the index of its member, or <see cref="NoMember"/>; empty when there is no
    /// member.</summary>
    public ImmutableArray<int> Slots { get; }

    /// <summary>The parameters that the table was built from; null when it was read back.</summary>
    private SlotTableParameters? Parameters { get; init; }

    /// <summary>Builds the table of any algorithm.</summary>
    /// <param name="parameters">The algorithm and its parameters. Consistent hash: see <see cref="Build"/>. Round
    /// robin: the order of the members, each once, or as often as its weight says. Least connections: every member
    /// once, by address.</param>
    /// <param name="members">The members, in any order; those of weight 0 get no slot.</param>
    /// <exception cref="ArgumentException">As for <see cref="Build"/>.</exception>
    public static SlotTable Of(SlotTableParameters parameters, IEnumerable<SlotMember> members)
    {
        if (parameters.Algorithm == Algorithm.ConsistentHash)
        {
            var built = Build(parameters.Key, members, parameters.SlotCount);
            return new SlotTable(built.Members, built.Slots) { Parameters = parameters };
        }
        var sorted = Sorted(members, parameters.SlotCount);
        int[] slots = parameters.Algorithm == Algorithm.WeightedRoundRobin
            ? RoundRobinOrder(sorted, parameters.SlotCount) : [.. Enumerable.Range(0, sorted.Length)];
        return new SlotTable(sorted, ImmutableArray.Create(slots)) { Parameters = parameters };
    }

    /// <summary>A table that was read back from an engine or a file.</summary>
    /// <param name="members">The members, sorted by address.</param>
    /// <param name="slots">For each slot the index of its member, or <see cref="NoMember"/>.</param>
    /// <exception cref="ArgumentException">A slot names a member that does not exist.</exception>
    public static SlotTable FromSlots(ImmutableArray<SlotMember> members, ImmutableArray<int> slots)
    {
        foreach (var member in slots)
        {
            if (member < NoMember || member >= members.Length)
                throw new ArgumentException($"a slot names member {member} of {members.Length}", nameof(slots));
        }
        return new SlotTable(members, slots);
    }

    /// <summary>A table of slots without members: all are <see cref="NoMember"/>.</summary>
    internal static SlotTable WithoutMembers(int slotCount)
    {
        var slots = new int[slotCount];
        Array.Fill(slots, NoMember);
        return new SlotTable([], ImmutableArray.Create(slots));
    }

    /// <summary>True if <see cref="Of"/> would build the same table.</summary>
    /// <param name="parameters">The parameters.</param>
    /// <param name="members">The members with a weight above 0, sorted by address.</param>
    internal bool IsOf(SlotTableParameters parameters, ReadOnlySpan<SlotMember> members) =>
        Parameters == parameters && Members.AsSpan().SequenceEqual(members);

    /// <summary>True if both tables are built from the same members, so that they have the same slots.</summary>
    internal bool HasSlotsOf(SlotTable other) => ReferenceEquals(this, other)
        || (other.Parameters is { } parameters && IsOf(parameters, other.Members.AsSpan()));

    /// <summary>Builds the table of the consistent hash, in time proportional to n log n for n slots.</summary>
    /// <param name="key">The director's hash key: the permutations depend on it, so that clients cannot predict
    /// them.</param>
    /// <param name="members">The members, in any order; those of weight 0 get no slot.</param>
    /// <param name="slotCount">Number of slots: a prime (<see cref="SlotCounts"/>), at least the number of members with
    /// a weight above 0.</param>
    /// <exception cref="ArgumentException">Two members have the same address, or there are more members than
    /// slots.</exception>
    public static SlotTable Build(HashKey key, IEnumerable<SlotMember> members, int slotCount)
    {
        var sorted = Sorted(members, slotCount);
        if (sorted.IsEmpty)
            return new SlotTable(sorted, []);
        return new SlotTable(sorted, ImmutableCollectionsMarshal.AsImmutableArray(Fill(key, sorted, slotCount)));
    }

    private static ImmutableArray<SlotMember> Sorted(IEnumerable<SlotMember> members, int slotCount)
    {
        var sorted = members.Where(static m => m.Weight > 0)
            .OrderBy(static m => m.Address, AddressComparer.Instance).ToImmutableArray();
        for (var i = 1; i < sorted.Length; i++)
        {
            if (sorted[i].Address.Equals(sorted[i - 1].Address))
                throw new ArgumentException($"two members have the address {sorted[i].Address}", nameof(members));
        }
        return sorted.Length <= slotCount ? sorted
            : throw new ArgumentException($"{sorted.Length} members need more than {slotCount} slots", nameof(members));
    }

    /// <summary>An order in which every member occurs as often as its weight says, spread as evenly as possible: the
    /// k-th of n occurrences of a member belongs at (2k + 1) / 2n of the whole. Weights are divided by their greatest
    /// common divisor. If the order would still be longer than <paramref name="max"/>, its places are divided like
    /// slots.</summary>
    private static int[] RoundRobinOrder(ImmutableArray<SlotMember> members, int max)
    {
        if (members.IsEmpty)
            return [];
        var divisor = members.Aggregate(0, static (d, m) => GreatestCommonDivisor(d, m.Weight));
        var shares = members.Select(m => m.Weight / divisor).ToArray();
        if (shares.Sum(static t => (long)t) > max)
            shares = Quotas(members, max);
        var next = new PriorityQueue<(int Member, int Occurrence), (double Place, int Member)>();
        for (var i = 0; i < shares.Length; i++)
        {
            if (shares[i] > 0)
                next.Enqueue((i, 0), (1 / (2.0 * shares[i]), i));
        }
        var order = new List<int>();
        while (next.TryDequeue(out var one, out _))
        {
            order.Add(one.Member);
            if (one.Occurrence + 1 >= shares[one.Member])
                continue;
            var place = (2 * one.Occurrence + 3) / (2.0 * shares[one.Member]);
            next.Enqueue((one.Member, one.Occurrence + 1), (place, one.Member));
        }
        return [.. order];
    }

    private static int GreatestCommonDivisor(int a, int b) => b == 0 ? a : GreatestCommonDivisor(b, a % b);

    private static int[] Fill(HashKey key, ImmutableArray<SlotMember> members, int slotCount)
    {
        var slots = new int[slotCount];
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

        // A member with half the largest share takes a slot every second round. All members thus fill their shares at
        // the same relative pace, and a light member keeps its early, most preferred slots as safely as a heavy one.
        // Most of the time goes into steps over slots that are taken. These are bits, which stay in the L1 cache, and a
        // step is shorter than the table, so that wrapping around needs no division.
        var isTaken = new ulong[(slotCount + 63) / 64];
        FreeSlots? last = null;
        var maxFree = (int)Math.Sqrt(slotCount);
        var largest = quota.Max();
        for (int round = 1, filled = 0; filled < slotCount; round++)
        {
            for (var i = 0; i < taken.Length; i++)
            {
                while (taken[i] < quota[i] && (long)taken[i] * largest < (long)quota[i] * round)
                {
                    if (last is null && slotCount - filled <= maxFree)
                        last = new FreeSlots(isTaken, step, slotCount);
                    var slot = last is null
                        ? NextFree(isTaken, position[i], step[i], slotCount) : last.Take(i, position[i]);
                    position[i] = slot;
                    isTaken[slot >> 6] |= 1UL << slot;
                    slots[slot] = i;
                    taken[i]++;
                    filled++;
                }
            }
        }
        return slots;
    }

    /// <summary>The first free slot of a member's permutation, from <paramref name="slot"/> on.</summary>
    private static int NextFree(ulong[] isTaken, int slot, int step, int slotCount)
    {
        while ((isTaken[slot >> 6] >> slot & 1) != 0)
        {
            slot += step;
            if (slot >= slotCount)
                slot -= slotCount;
        }
        return slot;
    }

    /// <summary>The last free slots. When few are left, they are many steps away: more than half of all steps of a
    /// table. So the number of steps to each of them is computed instead.</summary>
    private sealed class FreeSlots
    {
        private readonly int _slotCount;
        private readonly List<int> _free = [];

        /// <summary>For each member the number of its steps, modulo the table, that lead to the next slot.</summary>
        private readonly int[] _inverseSteps;

        internal FreeSlots(ulong[] isTaken, int[] step, int slotCount)
        {
            _slotCount = slotCount;
            for (var slot = 0; slot < slotCount; slot++)
            {
                if ((isTaken[slot >> 6] >> slot & 1) == 0)
                    _free.Add(slot);
            }
            _inverseSteps = Array.ConvertAll(step, s => Inverse(s, slotCount));
        }

        internal int Take(int member, int position)
        {
            int nearest = 0, fewest = int.MaxValue;
            for (var i = 0; i < _free.Count; i++)
            {
                var distance = _free[i] - position;
                if (distance < 0)
                    distance += _slotCount;
                var steps = (int)((ulong)distance * (ulong)_inverseSteps[member] % (ulong)_slotCount);
                if (steps < fewest)
                    (nearest, fewest) = (i, steps);
            }
            var slot = _free[nearest];
            _free[nearest] = _free[^1];
            _free.RemoveAt(_free.Count - 1);
            return slot;
        }

        /// <summary>The multiplicative inverse of a step modulo a prime, by Euclid's algorithm.</summary>
        private static int Inverse(int step, int prime)
        {
            int a = step, b = prime, x = 1, y = 0;
            while (b != 0)
                (a, b, x, y) = (b, a % b, y, x - a / b * y);
            return x < 0 ? x + prime : x;
        }
    }

    /// <summary>Divides the slots by weight: each member gets its exact share rounded down. The largest remainders get
    /// one more each; ties go to the lower address.</summary>
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
        var state = FlowHash.Mix(key.High, BinaryPrimitives.ReadUInt64BigEndian(bytes), key.Low);
        return FlowHash.Mix(state, BinaryPrimitives.ReadUInt64BigEndian(bytes[8..]) ^ (ulong)length, key.Low);
    }
}

/// <summary>The parameters of a slot table, beside its members.</summary>
/// <param name="Algorithm">The algorithm that uses the slots.</param>
/// <param name="Key">The director's hash key.</param>
/// <param name="SlotCount">Number of slots: exact for the consistent hash, the maximum for weighted round
/// robin.</param>
public readonly record struct SlotTableParameters(Algorithm Algorithm, HashKey Key, int SlotCount);

/// <summary>A real server as a member of a slot table.</summary>
/// <param name="Address">Its own address, which identifies it: a renamed server keeps its slots.</param>
/// <param name="Weight">Its weight, 0 or more.</param>
public readonly record struct SlotMember(IPAddress Address, int Weight);

/// <summary>Orders addresses by family, then by their bytes.</summary>
public sealed class AddressComparer : IComparer<IPAddress>
{
    /// <summary>The only instance; it has no state.</summary>
    public static AddressComparer Instance { get; } = new();

    /// <inheritdoc/>
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
