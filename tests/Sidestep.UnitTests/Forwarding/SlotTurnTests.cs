using FsCheck.Fluent;
using Sidestep.Forwarding;
using Sidestep.Model;
using Sidestep.UnitTests.Packets;

namespace Sidestep.UnitTests.Forwarding;

/// <summary>Slots of the algorithms that take turns, and of those that count.</summary>
public sealed class SlotTurnTests
{
    [Fact]
    public void In_turn_everybody_comes_once_whatever_the_weights() => Gens.Check(Tables.Pool, static pool =>
    {
        var table = SlotTable.Of(Recipe(Algorithm.RoundRobin), pool);
        return table.Slots.SequenceEqual(Enumerable.Range(0, pool.Count(static m => m.Weight > 0)));
    }, 200);

    [Fact]
    public void To_count_flows_everybody_has_one_slot_by_address()
    {
        var table = SlotTable.Of(Recipe(Algorithm.WeightedLeastConnections), [new(Tables.Address(3), 5), new(Tables.Address(1), 9), new(Tables.Address(2), 0)]);
        Assert.Equal([Tables.Address(1), Tables.Address(3)], table.Addresses());
    }

    [Theory]
    [InlineData("1 1 1", "0 1 2")]
    [InlineData("5 5", "0 1")]
    [InlineData("2 1", "0 1 0")]
    [InlineData("1 3", "1 0 1 1")]
    [InlineData("5 1 1", "0 0 0 1 2 0 0")] // the light ones belong into the middle, the heavy one around them
    [InlineData("20 10 10", "0 1 2 0")]
    public void By_weight_everybody_comes_as_often_as_the_weight_says_and_evenly(string weights, string order) =>
        Assert.Equal(order, string.Join(' ', Weighted(weights, 1021).Slots));

    [Fact]
    public void Turns_by_weight_are_shared_out_when_they_are_too_many()
    {
        var table = Weighted("1000 999 1", 1021);
        Assert.Equal(1021, table.Slots.Length);
        Assert.Equal([510, 510, 1], Enumerable.Range(0, 3).Select(m => table.Slots.Count(s => s == m)));
    }

    [Fact]
    public void From_the_start_everybody_has_had_his_share_to_within_half_a_turn_of_each_member() => Gens.Check(Tables.Pool, static pool =>
    {
        var table = SlotTable.Of(Recipe(Algorithm.WeightedRoundRobin), pool);
        var turns = Enumerable.Range(0, table.Members.Length).Select(m => table.Slots.Count(s => s == m)).ToArray();
        var had = new int[turns.Length];
        for (var i = 0; i < table.Slots.Length; i++)
        {
            had[table.Slots[i]]++;
            for (var m = 0; m < had.Length; m++)
            {
                if (Math.Abs(had[m] - turns[m] * (i + 1.0) / table.Slots.Length) > 1 + had.Length / 2.0)
                    return false;
            }
        }
        return true;
    }, 100);

    [Fact]
    public void What_is_read_back_is_what_was_made_and_bad_slots_are_refused()
    {
        var made = SlotTable.Of(Recipe(Algorithm.ConsistentHash), Tables.Equal(3));
        var read = SlotTable.FromSlots(made.Members, [SlotTable.Nobody, .. made.Slots.Skip(1)]);
        Assert.Equal(made.Slots.Skip(1), read.Slots.Skip(1));
        Assert.Throws<ArgumentException>(() => SlotTable.FromSlots(made.Members, [3]));
        Assert.Throws<ArgumentException>(() => SlotTable.FromSlots(made.Members, [-2]));
    }

    private static SlotTable Weighted(string weights, int slots) => SlotTable.Of(Recipe(Algorithm.WeightedRoundRobin) with { SlotCount = slots },
        weights.Split(' ').Select(static (w, i) => new SlotMember(Tables.Address(i + 1), int.Parse(w, System.Globalization.CultureInfo.InvariantCulture))));

    private static SlotRecipe Recipe(Algorithm algorithm) => new(algorithm, new HashKey(1, 2), 1021);
}
