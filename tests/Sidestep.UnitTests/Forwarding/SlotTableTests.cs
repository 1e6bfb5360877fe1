using System.Net;
using FsCheck.Fluent;
using Sidestep.Forwarding;
using Sidestep.Model;
using Sidestep.UnitTests.Packets;

namespace Sidestep.UnitTests.Forwarding;

public sealed class SlotTableTests
{
    private static readonly HashKey Key = new(0x0001020304050607, 0x08090a0b0c0d0e0f);

    [Fact]
    public void Every_slot_has_a_member() => Check(static (key, pool, size) =>
    {
        var table = SlotTable.Build(key, pool, size);
        return table.Members.IsEmpty
            ? table.Slots.IsEmpty && pool.TrueForAll(static m => m.Weight == 0)
            : table.Slots.Length == size && table.Slots.All(s => s >= 0 && s < table.Members.Length);
    });

    [Fact]
    public void Every_member_gets_its_exact_share_to_within_one_slot() => Check(static (key, pool, size) =>
    {
        var table = SlotTable.Build(key, pool, size);
        var total = pool.Sum(static m => (decimal)m.Weight);
        return table.Members.Select((m, i) => Math.Abs(table.Slots.Count(s => s == i) - m.Weight * size / total))
            .All(static d => d < 1);
    });

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(7)]
    [InlineData(100)]
    [InlineData(1021)]
    public void Equal_members_differ_by_at_most_one_slot(int count)
    {
        var table = SlotTable.Build(Key, TestPools.Equal(count), 1021);
        var counts = table.Slots.CountBy(static s => s).Select(static c => c.Value).ToList();
        Assert.Equal(count, counts.Count);
        Assert.InRange(counts.Max() - counts.Min(), 0, 1);
    }

    [Fact]
    public void Order_of_members_does_not_matter() => Check(static (key, pool, size) =>
    {
        var table = SlotTable.Build(key, pool, size).Addresses();
        var shuffled = pool.ToArray();
        new Random(pool.Count).Shuffle(shuffled);
        return table.SequenceEqual(SlotTable.Build(key, shuffled, size).Addresses())
            && table.SequenceEqual(SlotTable.Build(key, Enumerable.Reverse(pool), size).Addresses());
    });

    [Fact]
    public void Member_of_weight_0_has_no_effect() => Check(static (key, pool, size) =>
    {
        var with = SlotTable.Build(key, pool, size);
        var without = SlotTable.Build(key, pool.Where(static m => m.Weight > 0), size);
        return with.Members.SequenceEqual(without.Members) && with.Slots.SequenceEqual(without.Slots);
    });

    [Fact]
    public void Only_the_ratio_of_weights_matters() => Check(static (key, pool, size) =>
        SlotTable.Build(key, pool, size).Slots.SequenceEqual(
            SlotTable.Build(key, pool.Select(static m => m with { Weight = m.Weight * 7 }), size).Slots));

    [Fact]
    public void Empty_pool_makes_an_empty_table()
    {
        var table = SlotTable.Build(Key, [], 1021);
        Assert.Empty(table.Members);
        Assert.Empty(table.Slots);
    }

    [Fact]
    public void Single_member_has_every_slot() =>
        Assert.Equal(
            1021, SlotTable.Build(Key, [new SlotMember(TestPools.Address(1), 5)], 1021).SlotsOf(TestPools.Address(1)));

    [Fact]
    public void Members_are_sorted_by_address_with_IPv4_first()
    {
        SlotMember[] members =
        [
            new(IPAddress.Parse("2001:db8::1"), 1), new(IPAddress.Parse("192.0.2.10"), 1),
                new(IPAddress.Parse("192.0.2.9"), 1),
        ];
        Assert.Equal(["192.0.2.9", "192.0.2.10", "2001:db8::1"],
            SlotTable.Build(Key, members, 1021).Members.Select(static m => m.Address.ToString()));
    }

    [Fact]
    public void Another_hash_key_makes_another_table() =>
        Assert.NotEqual(SlotTable.Build(Key, TestPools.Equal(10), 1021).Slots,
            SlotTable.Build(new HashKey(1, 2), TestPools.Equal(10), 1021).Slots);

    [Fact]
    public void Duplicate_addresses_are_rejected() => Assert.Throws<ArgumentException>(
        static () => SlotTable.Build(Key,
        [new SlotMember(TestPools.Address(1), 1), new SlotMember(TestPools.Address(1), 2)], 1021));

    [Fact]
    public void More_members_than_slots_are_rejected() =>
        Assert.Throws<ArgumentException>(static () => SlotTable.Build(Key, TestPools.Equal(1022), 1021));

    [Fact]
    public void Naive_construction_gives_the_same_table_with_equal_weights() => Gens.Check(
        TestPools.Key.Zip(Gen.Choose(1, 40)).Zip(TestPools.Size),
        static x => Same(x.Item1.Item1, TestPools.Equal(x.Item1.Item2), x.Item2), 40);

    [Fact]
    public void Naive_construction_gives_the_same_table_with_any_weights() => Gens.Check(
        TestPools.Key.Zip(TestPools.Pool), static x => Same(x.Item1, x.Item2, 1021), 60);

    [Fact]
    public void Naive_construction_gives_the_same_table_for_both_families() => Assert.True(Same(
        Key, [new(IPAddress.Parse("2001:db8::1"), 2), new(IPAddress.Parse("2001:db8::2"), 1),
        new(IPAddress.Parse("::1"), 1)], 1021));

    private static bool Same(HashKey key, List<SlotMember> pool, int size) =>
        SlotTable.Build(key, pool, size).Addresses().SequenceEqual(NaiveSlotTable.Build(key, pool, size));

    private static void Check(Func<HashKey, List<SlotMember>, int, bool> property) => Gens.Check(
        TestPools.Key.Zip(TestPools.Pool).Zip(TestPools.Size), x => property(x.Item1.Item1, x.Item1.Item2, x.Item2),
        200);
}
