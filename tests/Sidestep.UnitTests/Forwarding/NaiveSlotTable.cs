using System.Buffers.Binary;
using System.Net;
using System.Numerics;
using Sidestep.Forwarding;
using Sidestep.Model;

namespace Sidestep.UnitTests.Forwarding;

/// <summary>A second slot table, written directly from docs/flow-hash.md section 5: slow, with big integers and
/// sets.</summary>
internal static class NaiveSlotTable
{
    private static readonly BigInteger Modulus = BigInteger.Pow(2, 64);
    private static readonly BigInteger Multiplier = 0xd6e8feb86659fd93;

    public static List<IPAddress> Build(HashKey key, IEnumerable<SlotMember> pool, int size)
    {
        var members = pool.Where(static m => m.Weight > 0)
            .OrderBy(static m => Convert.ToHexString(m.Address.GetAddressBytes()), StringComparer.Ordinal).ToList();
        var owners = new SortedDictionary<int, IPAddress>();
        var quotas = Quotas(members, size);
        var preferences = members.ToDictionary(
            static m => m.Address, m => new Queue<int>(Preferences(key, m.Address, size)));
        var taken = members.ToDictionary(static m => m.Address, static _ => 0);
        for (var round = 1; owners.Count < size && members.Count > 0; round++)
        {
            foreach (var member in members.Select(static m => m.Address))
            {
                var due = (int)Math.Min(quotas[member],
                    Math.Ceiling((decimal)quotas[member] * round / quotas.Values.Max()));
                for (; taken[member] < due; taken[member]++)
                {
                    int slot;
                    do
                        slot = preferences[member].Dequeue();
                    while (owners.ContainsKey(slot));
                    owners.Add(slot, member);
                }
            }
        }
        return [.. owners.Values];
    }

    private static Dictionary<IPAddress, int> Quotas(List<SlotMember> members, int size)
    {
        var total = members.Sum(static m => m.Weight);
        var quotas = members.ToDictionary(static m => m.Address, m => m.Weight * size / total);
        // Members are sorted, and OrderBy is stable.
        foreach (var member in members.OrderByDescending(m => m.Weight * size % total).Take(size - quotas.Values.Sum()))
            quotas[member.Address]++;
        return quotas;
    }

    private static IEnumerable<int> Preferences(HashKey key, IPAddress address, int size)
    {
        var bytes = address.GetAddressBytes();
        byte[] padded = [.. bytes, .. new byte[16 - bytes.Length]];
        var first = Mix(key.High, BinaryPrimitives.ReadUInt64BigEndian(padded), key.Low);
        var hash = Mix(first, BinaryPrimitives.ReadUInt64BigEndian(padded.AsSpan(8)) ^ (ulong)bytes.Length, key.Low);
        var start = (hash >> 32) % size;
        var step = hash % BigInteger.Pow(2, 32) % (size - 1) + 1;
        return Enumerable.Range(0, size).Select(k => (int)((start + k * step) % size));
    }

    private static BigInteger Mix(BigInteger state, BigInteger word, BigInteger low)
    {
        state ^= word;
        foreach (var then in new[] { low, 0 })
        {
            state ^= state >> 32;
            state = state * Multiplier % Modulus;
            state ^= then;
        }
        return state ^ state >> 32;
    }
}
