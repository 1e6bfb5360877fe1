using FsCheck.Fluent;
using Sidestep.Engine.Xdp;
using Sidestep.Engine.Xdp.Layout;
using Sidestep.Forwarding;
using Sidestep.UnitTests.Packets;
using ServiceEntry = Sidestep.Engine.Xdp.Layout.ServiceEntry;

namespace Sidestep.UnitTests.EngineXdp;

/// <summary>Hash tables with open addressing: an entry lies at its hash, or in the next free entry, and a lookup ends
/// at the first free one. The hash is written out here from src/bpf/classify.h.</summary>
public sealed class OpenAddressingTests
{
    private const int Entries = 32768, ProbeLimit = 64;
    private const ulong Multiplier = 0x9e3779b97f4a7c15, FoldMultiplier = 0xff51afd7ed558ccd;

    [Fact]
    public void Entry_lies_at_its_hash()
    {
        var table = new ServiceEntry[Entries];
        const ulong Key = 0x0a000001_0006_5000;
        OpenAddressing.Place([new ServiceEntry { Key = Key }], table);
        Assert.Equal(Key, table[(int)(unchecked(Key * Multiplier) >> 49)].Key);
        Assert.Equal(1, table.Count(static e => e.Key != 0));
    }

    [Fact]
    public void Previous_entries_are_cleared()
    {
        var table = new ServiceEntry[Entries];
        OpenAddressing.Place([new ServiceEntry { Key = 1 }], table);
        OpenAddressing.Place([new ServiceEntry { Key = 2 }], table);
        Assert.Equal([2ul], table.Where(static e => e.Key != 0).Select(static e => e.Key));
    }

    [Fact]
    public void Colliding_entries_follow_each_other_and_wrap_around_at_the_end()
    {
        var keys = KeysOf(Entries - 1, 3);
        var table = new ServiceEntry[Entries];
        OpenAddressing.Place([.. keys.Select(static k => new ServiceEntry { Key = k })], table);
        ulong[] placed = [table[^1].Key, table[0].Key, table[1].Key];
        Assert.Equal(keys, placed);
    }

    [Fact]
    public void Entries_beyond_the_probe_limit_are_rejected()
    {
        var keys = KeysOf(100, ProbeLimit + 1).Select(static k => new ServiceEntry { Key = k }).ToArray();
        var table = new ServiceEntry[Entries];
        OpenAddressing.Place(keys.AsSpan(0, ProbeLimit), table);
        Assert.Equal(keys[ProbeLimit - 1].Key, table[100 + ProbeLimit - 1].Key);
        var error = Assert.Throws<EngineException>((Action)(() => OpenAddressing.Place(keys, table)));
        Assert.Contains("65 ports of IPv4 VIPs collide", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_VIP_is_found() => Gens.Check(
        Gen.ListOf(Gens.UInt32, 200).Select(static l => l.Distinct().ToArray()),
        static addresses =>
        {
            var table = new Vip[Entries];
            OpenAddressing.Place(
                [.. addresses.Select(static (a, i) => new Vip { Address = a, Id = (ushort)i, Flags = 1 })], table);
            return addresses.Select(static (a, i) => (Address: a, Id: i)).All(v =>
            {
                var at = (int)(v.Address * Multiplier >> 49);
                while (table[at].Flags != 0 && table[at].Address != v.Address)
                    at = (at + 1) % Entries;
                return table[at].Flags != 0 && table[at].Id == v.Id;
            });
        },
        tests: 100);

    [Fact]
    public void Every_IPv6_service_is_found_and_no_other() => Gens.Check(
        Gen.ListOf(Gens.Bits(64).Zip(Gens.Bits(64)).Zip(Gen.Choose(1, 3)), 100)
            .Select(static l => l.Distinct().ToArray()),
        static keys =>
        {
            var table = new Service6Entry[Entries];
            OpenAddressing.Place(
                [.. keys.Select(static k => EntryOf(k.Item1.Item1, k.Item1.Item2, (uint)k.Item2))], table);
            return keys.All(k => Find(table, k.Item1.Item1, k.Item1.Item2, (uint)k.Item2))
                && keys.All(k => !Find(table, k.Item1.Item1, k.Item1.Item2, 4));
        },
        tests: 100);

    [Fact]
    public void IPv6_VIPs_that_differ_only_in_one_word_are_found()
    {
        var addresses = Enumerable.Range(1, 50)
            .SelectMany(static i => new[] { (High: (ulong)i, Low: 0ul), (High: 0ul, Low: (ulong)i) }).ToArray();
        var table = new Vip6[Entries];
        OpenAddressing.Place(
            [.. addresses.Select(static a => new Vip6 { Address = Words(a.High, a.Low), Flags = 1 })], table);
        foreach (var (high, low) in addresses)
        {
            var at = (int)(Fold(high, low) * Multiplier >> 49);
            while (table[at].Flags != 0 && (table[at].Address[0] != high || table[at].Address[1] != low))
                at = (at + 1) % Entries;
            Assert.NotEqual(0, table[at].Flags);
        }
    }

    private static ulong Fold(ulong high, ulong low) => (high ^ high >> 32) * FoldMultiplier ^ low;

    private static AddressWords Words(ulong high, ulong low)
    {
        var words = default(AddressWords);
        (words[0], words[1]) = (high, low);
        return words;
    }

    private static Service6Entry EntryOf(ulong high, ulong low, uint key) =>
        new() { Address = Words(high, low), Key = key };

    private static bool Find(Service6Entry[] table, ulong high, ulong low, uint key)
    {
        var at = (int)((Fold(high, low) ^ (ulong)key << 32) * Multiplier >> 49);
        for (var probe = 0; probe < ProbeLimit && table[at].Key != 0; probe++, at = (at + 1) % Entries)
        {
            if (table[at].Key == key && table[at].Address[0] == high && table[at].Address[1] == low)
                return true;
        }
        return false;
    }

    /// <summary>Keys whose hash is that entry.</summary>
    private static ulong[] KeysOf(int entry, int count)
    {
        var keys = new List<ulong>();
        for (ulong key = 1; keys.Count < count; key++)
        {
            if ((int)(key * Multiplier >> 49) == entry)
                keys.Add(key);
        }
        return [.. keys];
    }
}
