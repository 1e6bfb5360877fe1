using System.Net;
using FsCheck;
using FsCheck.Fluent;
using Sidestep.Agent.Input;
using Sidestep.Agent.Programs;
using Sidestep.Packets;

namespace Sidestep.UnitTests.Agent.Programs;

public sealed class AgentMapsTests
{
    private readonly AgentMaps _maps = MemoryMap.NewMaps();

    [Theory]
    [InlineData(0u, new int[0], "none")]
    [InlineData(1u, new int[0], "ipip")]
    [InlineData(7u, new[] { 6090, 6080 }, "ipip gre gue:6080 gue:6090")]
    [InlineData(4u, new[] { 8, 7, 6, 5, 4, 3, 2, 65535 }, "gue:2 gue:3 gue:4 gue:5 gue:6 gue:7 gue:8 gue:65535")]
    [InlineData(2u, new[] { 6080 }, "gre")]
    public void Settings_are_described_in_a_fixed_order(uint kinds, int[] ports, string expected)
    {
        Assert.Equal("none", _maps.SettingsText);
        _maps.Write(AgentMaps.SettingsOf((EncapsulationFlags)kinds, ports));
        Assert.Equal(expected, _maps.SettingsText);
    }

    [Fact]
    public void Sources_and_addresses_are_replaced_and_sorted()
    {
        _maps.WriteSources(TestSpec.Networks("198.18.0.0/15", "10.0.1.2", "2001:db8:5::/64"));
        Assert.Equal(["10.0.1.2", "198.18.0.0/15", "2001:db8:5::/64"], _maps.Sources());
        _maps.WriteAddresses([IPAddress.Parse("2001:db8:1::3"), IPAddress.Parse("10.0.1.3")]);
        Assert.Equal(["10.0.1.3", "2001:db8:1::3"], _maps.Addresses());
        _maps.WriteSources(TestSpec.Networks("10.0.1.9", "10.0.1.2"));
        Assert.Equal(["10.0.1.2", "10.0.1.9"], _maps.Sources());
        Assert.Equal(["10.0.1.3", "2001:db8:1::3"], _maps.Addresses());
    }

    [Fact]
    public void New_sources_are_added_before_old_ones_are_deleted()
    {
        _maps.WriteSources(TestSpec.Networks("10.0.1.2"));
        var map = (MemoryMap)_maps[AgentMaps.SourcesName];
        map.Changes.Clear();
        _maps.WriteSources(TestSpec.Networks("10.0.1.3"));
        Assert.Equal(['+', '-'], map.Changes.Select(static c => c[0]));
        map.Changes.Clear();
        _maps.WriteSources(TestSpec.Networks("10.0.1.3"));
        Assert.Empty(map.Changes);
    }

    [Fact]
    public void A_VIP_that_stays_keeps_its_counters_and_a_new_one_starts_at_zero()
    {
        _maps.WriteVips([Vip("203.0.113.1", 1400), Vip("203.0.113.2", 0)]);
        Count("203.0.113.1", 10);
        Count("203.0.113.2", 20);
        _maps.WriteVips([Vip("203.0.113.2", 1300), Vip("203.0.113.3", 0)]);
        Assert.Equal([Vip("203.0.113.2", 1300), Vip("203.0.113.3", 0)], _maps.Vips().OrderBy(static v => v.ToString()));
        Assert.Equal([("203.0.113.2/32", 20ul), ("203.0.113.3/32", 0ul)],
            _maps.Traffic().Select(static t => (t.Vip.ToString(), t.Counters.Syn)).Order());
    }

    [Fact]
    public void An_unchanged_VIP_is_not_written_again()
    {
        _maps.WriteVips([Vip("203.0.113.1", 1400)]);
        var map = (MemoryMap)_maps[AgentMaps.VipsName];
        map.Changes.Clear();
        _maps.WriteVips([Vip("203.0.113.1", 1400)]);
        Assert.Empty(map.Changes);
        _maps.WriteVips([Vip("203.0.113.1", 1401)]);
        Assert.Single(map.Changes);
    }

    [Fact]
    public void A_full_map_is_replaced_in_steps_without_reusing_an_index()
    {
        var maps = MemoryMap.NewMaps(entries: 4);
        maps.WriteVips([Vip("203.0.113.1", 0), Vip("203.0.113.2", 0), Vip("203.0.113.3", 0), Vip("203.0.113.4", 0)]);
        maps.WriteVips([Vip("203.0.113.1", 0), Vip("203.0.113.4", 0)]);
        maps.WriteVips([Vip("203.0.113.1", 0), Vip("203.0.113.4", 0), Vip("203.0.113.5", 0), Vip("203.0.113.6", 0)]);
        Assert.Equal(4, maps.Vips().Count);
        Assert.Equal(4, ((MemoryMap)maps[AgentMaps.VipsName]).Entries.Values
            .Select(static v => BitConverter.ToInt32(v)).Distinct().Count());
    }

    /// <summary>Whatever VIPs follow each other: the map holds the last ones, each with an index of its own.</summary>
    [Fact]
    public void The_VIPs_are_always_those_that_were_written_last() => Prop.ForAll(
        Gen.Choose(0, 12).Select(static i => Vip($"203.0.113.{i}", i % 3 * 100)).ListOf()
            .Select(static l => l.DistinctBy(static v => v.Network).ToList())
            .ListOf().ToArbitrary(),
        static writes =>
        {
            var maps = MemoryMap.NewMaps(entries: 30);
            foreach (var vips in writes)
            {
                maps.WriteVips(vips);
                Assert.Equal(vips.OrderBy(static v => v.ToString()), maps.Vips().OrderBy(static v => v.ToString()));
                var indexes = ((MemoryMap)maps[AgentMaps.VipsName]).Entries.Values
                    .Select(static v => BitConverter.ToInt32(v)).ToList();
                Assert.Equal(indexes.Count, indexes.Distinct().Count());
            }
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void Counters_are_summed_over_CPUs()
    {
        var map = _maps[AgentMaps.CountersName];
        for (var cpu = 0; cpu < 2; cpu++)
        {
            var values = default(AgentMaps.CounterValues);
            values[(int)PacketCounter.Decapsulated] = 5;
            values[(int)PacketCounter.MssLowered] = (ulong)cpu;
            map.Update(cpu, values);
        }
        var counters = _maps.Counters();
        Assert.Equal(Enum.GetValues<PacketCounter>(), counters.Keys);
        Assert.Equal((10ul, 1ul, 0ul),
            (counters[PacketCounter.Decapsulated], counters[PacketCounter.MssLowered],
            counters[PacketCounter.Foreign]));
    }

    [Fact]
    public void Without_any_entry_everything_is_zero_or_empty()
    {
        Assert.All(_maps.Counters().Values, static v => Assert.Equal(0ul, v));
        Assert.Empty(_maps.Traffic());
        Assert.Empty(_maps.Vips());
    }

    private static DesiredVip Vip(string address, int mss) => new(PrefixText.Parse(address), mss);

    private void Count(string vip, ulong syn)
    {
        Assert.True(_maps[AgentMaps.VipsName].TryLookup<PrefixKey,
            VipValue>(PrefixKey.Of(PrefixText.Parse(vip)), out var value));
        _maps[AgentMaps.VipCountersName].Update(value.Index, new VipCounters { Syn = syn });
    }
}
