using FsCheck.Fluent;
using Sidestep.Forwarding;
using Sidestep.Model;
using Sidestep.UnitTests.Packets;

namespace Sidestep.UnitTests.Forwarding;

/// <summary>Slots of round robin and of least connections.</summary>
public sealed class SchedulerSlotTests
{
    [Fact]
    public void Round_robin_table_has_one_slot_per_server_whatever_the_weights() =>
        Gens.Check(TestPools.Pool, static pool =>
    {
        var table = SlotTable.Of(Recipe(Algorithm.RoundRobin), pool);
        return table.Slots.SequenceEqual(Enumerable.Range(0, pool.Count(static m => m.Weight > 0)));
    }, 200);

    [Fact]
    public void Least_connections_table_has_one_slot_per_server_in_address_order()
    {
        var table = SlotTable.Of(Recipe(Algorithm.WeightedLeastConnections),
            [new(TestPools.Address(3), 5), new(TestPools.Address(1), 9), new(TestPools.Address(2), 0)]);
        Assert.Equal([TestPools.Address(1), TestPools.Address(3)], table.Addresses());
    }

    [Theory]
    [InlineData("1 1 1", "0 1 2")]
    [InlineData("5 5", "0 1")]
    [InlineData("2 1", "0 1 0")]
    [InlineData("1 3", "1 0 1 1")]
    [InlineData("5 1 1", "0 0 0 1 2 0 0")] // the light ones belong into the middle, the heavy one around them
    [InlineData("20 10 10", "0 1 2 0")]
    public void Weighted_round_robin_interleaves_servers_in_proportion_to_their_weights(string weights, string order) =>
        Assert.Equal(order, string.Join(' ', Weighted(weights, 1021).Slots));

    [Fact]
    public void Weighted_round_robin_scales_weights_down_to_the_slot_count()
    {
        var table = Weighted("1000 999 1", 1021);
        Assert.Equal(1021, table.Slots.Length);
        Assert.Equal([510, 510, 1], Enumerable.Range(0, 3).Select(m => table.Slots.Count(s => s == m)));
    }

    [Fact]
    public void Weighted_round_robin_stays_within_0_5_of_the_ideal_count() => Gens.Check(TestPools.Pool, static pool =>
    {
        var table = SlotTable.Of(Recipe(Algorithm.WeightedRoundRobin), pool);
        var shares = Enumerable.Range(0, table.Members.Length).Select(m => table.Slots.Count(s => s == m)).ToArray();
        var used = new int[shares.Length];
        for (var i = 0; i < table.Slots.Length; i++)
        {
            used[table.Slots[i]]++;
            for (var m = 0; m < used.Length; m++)
            {
                if (Math.Abs(used[m] - shares[m] * (i + 1.0) / table.Slots.Length) > 1 + used.Length / 2.0)
                    return false;
            }
        }
        return true;
    }, 100);

    [Fact]
    public void Slots_are_read_back_as_written_and_invalid_slots_are_rejected()
    {
        var made = SlotTable.Of(Recipe(Algorithm.ConsistentHash), TestPools.Equal(3));
        var read = SlotTable.FromSlots(made.Members, [SlotTable.NoMember, .. made.Slots.Skip(1)]);
        Assert.Equal(made.Slots.Skip(1), read.Slots.Skip(1));
        Assert.Throws<ArgumentException>(() => SlotTable.FromSlots(made.Members, [3]));
        Assert.Throws<ArgumentException>(() => SlotTable.FromSlots(made.Members, [-2]));
    }

    private static SlotTable Weighted(string weights, int slots) =>
        SlotTable.Of(Recipe(Algorithm.WeightedRoundRobin) with { SlotCount = slots },
        weights.Split(' ').Select(
        static (w, i) => new SlotMember(
        TestPools.Address(i + 1), int.Parse(w, System.Globalization.CultureInfo.InvariantCulture))));

    private static SlotTableParameters Recipe(Algorithm algorithm) => new(algorithm, new HashKey(1, 2), 1021);
}
