using System.Net;
using FsCheck.Fluent;
using Sidestep.Forwarding;
using Sidestep.Forwarding.Lowering;
using Sidestep.Model;
using Sidestep.UnitTests.Packets;

namespace Sidestep.UnitTests.Forwarding.Lowering;

/// <summary>Slot words against their definition, slot by slot.</summary>
public sealed class SlotWordsTests
{
    private static readonly int[] Ids = [70, 8, 131_071];
    private static readonly GroupKey Key = new(PoolKey.InDefault("p"), Encap.Layer2);

    [Fact]
    public void Word_names_the_server_of_the_slot_and_whether_its_flows_may_be_tracked() => Gens.Check(
        from slots in Gen.ArrayOf(Gen.Choose(-1, 2), 16)
        from states in Gen.ArrayOf(Gen.Choose(-2, 2), 16)
        from isInTransition in Gens.Byte
        from tracksFlows in Gens.Byte
        select (slots, states, isInTransition: isInTransition % 2 == 0, tracksFlows: tracksFlows % 2 == 0),
        static v =>
        {
            var group = Group(v.slots, v.isInTransition ? v.states : null);
            var words = SlotWords.Of(group, Ids, v.tracksFlows);
            var previous = SlotWords.PreviousOf(group, Ids);
            for (var i = 0; i < v.slots.Length; i++)
            {
                var server = v.slots[i] < 0 ? 0 : Ids[v.slots[i]];
                var isTracked = v.tracksFlows || v.isInTransition && v.states[i] != Transition.Stable;
                if ((int)(words[i] & SlotWords.ServerMask) != server
                    || (words[i] & SlotWords.Tracked) != 0 != isTracked)
                    return false;
                var expected = v.isInTransition && v.states[i] >= 0 ? Ids[v.states[i]] : 0;
                if ((previous is null ? 0 : (int)previous[i]) != expected)
                    return false;
            }
            return words.Length == v.slots.Length
                && previous is null == (!v.isInTransition || v.states.All(static s => s < 0));
        }, 500);

    [Fact]
    public void Group_without_slots_has_no_words()
    {
        var group = new ServerGroup(Key, [], SlotTable.FromSlots([], []));
        Assert.Empty(SlotWords.Of(group, [], tracksFlows: true));
        Assert.Null(SlotWords.PreviousOf(group, []));
    }

    private static ServerGroup Group(int[] slots, int[]? states)
    {
        // Members in another order than the servers: words are found by address.
        ServerEntry[] servers = [Server(1), Server(2), Server(3)];
        return new ServerGroup(Key, [.. servers],
            SlotTable.FromSlots([.. servers.Select(static s => new SlotMember(s.Address, 1))], [.. slots]),
            states is null ? null : new Transition([.. states], DateTimeOffset.UnixEpoch));
    }

    private static ServerEntry Server(byte number) =>
        new($"s{number}", new IPAddress([10, 0, 0, number]), 1, null);
}
