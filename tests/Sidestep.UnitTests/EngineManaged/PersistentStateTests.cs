using System.Collections.Immutable;
using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Sidestep.Engine.Managed.Persistence;
using Sidestep.Forwarding;
using Sidestep.Forwarding.Lowering;
using Sidestep.Model;
using Sidestep.UnitTests.Forwarding;
using Sidestep.UnitTests.Packets;

namespace Sidestep.UnitTests.EngineManaged;

/// <summary>The state that the next process reads: it comes back as it was, and damaged bytes never do harm.</summary>
public sealed class PersistentStateTests
{
    private static readonly DateTimeOffset Time = new(2026, 3, 1, 12, 30, 15, 250, TimeSpan.Zero);

    private static Gen<PersistentState> States =>
        from key in TestPools.Key
        from members in TestPools.Pool
        from states in Gen.ArrayOf(Gen.Choose(-2, members.Count - 1), 1021)
        from encap in Gen.Elements("l2", "ipip", "gue:7000", "gre@198.18.0.0/15@2001:db8::/64")
        from hasTransition in Gen.Elements(true, false)
        from draining in Gen.Choose(0, members.Count)
        select StateOf(key, members, states, encap, hasTransition, draining);

    [Fact]
    public void State_is_read_back_as_it_was() => Gens.Check(States, static state =>
    {
        var read = Read(Write(state));
        return read.Ids.Services.OrderBy(static s => s.Value)
            .SequenceEqual(state.Ids.Services.OrderBy(static s => s.Value))
            && read.Ids.Servers.Count == state.Ids.Servers.Count
            && read.Ids.Servers.All(s => state.Ids.Servers[s.Key] == s.Value)
            && read.Groups.HashKey == state.Groups.HashKey
            && read.Groups.Groups.Zip(state.Groups.Groups).All(static g => IsSame(g.First, g.Second));
    }, 30);

    [Fact]
    public void Empty_state_is_read_back()
    {
        var read = Read(Write(new PersistentState(
            new PersistedIds(new Dictionary<ServiceKey, int>(), new Dictionary<ServerKey, int>()),
            new RunningGroups(new HashKey(3, 4), []))));
        Assert.Empty(read.Ids.Services);
        Assert.Empty(read.Ids.Servers);
        Assert.Empty(read.Groups.Groups);
        Assert.Equal(new HashKey(3, 4), read.Groups.HashKey);
    }

    [Fact]
    public void Next_hops_are_not_stored() =>
        Assert.All(Read(Write(Example())).Groups.Groups[0].Servers, static s => Assert.Null(s.NextHop));

    [Fact]
    public void Migration_windows_are_extended_and_nothing_else_changes()
    {
        var state = Example();
        var extended = state.ExtendMigrationWindows(TimeSpan.FromSeconds(20));
        Assert.Equal(Time + TimeSpan.FromSeconds(20), extended.Groups.Groups[0].Transition!.MigrationWindowEnds);
        Assert.Equal(state.Groups.Groups[0].Transition!.PreviousServers,
            extended.Groups.Groups[0].Transition!.PreviousServers);
        Assert.Same(state.Groups.Groups[1], extended.Groups.Groups[1]);
        Assert.Same(state.Ids, extended.Ids);
    }

    [Fact]
    public void Truncated_state_is_rejected_at_every_length()
    {
        var bytes = Write(Example());
        for (var length = 0; length < bytes.Length; length++)
            Assert.True(Record.Exception(() => Read(bytes[..length])) is EndOfStreamException or FormatException,
                $"{length} of {bytes.Length} bytes");
    }

    [Fact]
    public void Changed_bytes_are_read_or_rejected_by_a_documented_exception()
    {
        var random = new Random(5);
        var original = Write(Example());
        var rejected = 0;
        for (var i = 0; i < 2_000; i++)
        {
            var bytes = original.ToArray();
            for (var changes = random.Next(1, 4); changes > 0; changes--)
                bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            var exception = Record.Exception(() => Read(bytes));
            Assert.True(exception is null or IOException or FormatException or ArgumentException, $"{exception}");
            rejected += exception is null ? 0 : 1;
        }
        Assert.InRange(rejected, 100, 1_999);
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(int.MaxValue)]
    public void Impossible_number_of_elements_is_rejected_without_allocating_them(int count)
    {
        var bytes = Write(Example());
        BitConverter.TryWriteBytes(bytes, count); // the number of services comes first
        var before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Equal($"{count} elements exceed the data", Assert.Throws<FormatException>(() => Read(bytes)).Message);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1_000_000);
    }

    [Fact]
    public void Slot_without_its_member_is_rejected()
    {
        var state = Example();
        var group = state.Groups.Groups[0];
        var bytes = Write(state);
        // The first slot follows the number of slots; its index becomes that of a third member.
        var at = bytes.AsSpan().IndexOf(
            [.. BitConverter.GetBytes(group.Slots.Slots.Length), .. BitConverter.GetBytes(group.Slots.Slots[0])]);
        BitConverter.TryWriteBytes(bytes.AsSpan(at + 4), 2);
        Assert.Throws<ArgumentException>(() => Read(bytes));
    }

    [Fact]
    public void Unknown_encapsulation_is_rejected()
    {
        var bytes = Write(Example());
        var at = bytes.AsSpan().IndexOf("ipip"u8);
        "vxln"u8.CopyTo(bytes.AsSpan(at));
        Assert.Throws<FormatException>(() => Read(bytes));
    }

    /// <summary>Two groups of two servers; the first one is in transition.</summary>
    private static PersistentState Example()
    {
        List<SlotMember> members = [new(TestPools.Address(1), 1), new(TestPools.Address(2), 1)];
        var first = GroupOf(new HashKey(1, 2), members, "ipip", 0) with
        {
            Transition = new Transition([.. Enumerable.Repeat(1, 1021)], Time),
        };
        var second = GroupOf(new HashKey(1, 2), members, "l2", 1);
        return new PersistentState(
            new PersistedIds(
                new Dictionary<ServiceKey, int>
                {
                    [ServiceKey.InDefault("www")] = 0,
                    [ServiceKey.InDefault("dns")] = 7,
                },
                first.Servers.Select((s, i) => (IdMap.KeyOf(first, s), i + 1)).ToDictionary()),
            new RunningGroups(new HashKey(1, 2), [first, second]));
    }

    private static PersistentState StateOf(
        HashKey key, List<SlotMember> members, int[] states, string encap, bool hasTransition, int draining)
    {
        var group = GroupOf(key, members, encap, draining);
        if (hasTransition)
            group = group with { Transition = new Transition([.. states], Time + TimeSpan.FromTicks(draining)) };
        var ids = new PersistedIds(
            new Dictionary<ServiceKey, int>
            {
                [ServiceKey.InDefault($"service{draining}")] = draining,
                [ServiceKey.InDefault("another service")] = int.MaxValue,
            },
            group.Servers.Select((s, i) => (IdMap.KeyOf(group, s), i + 1)).ToDictionary());
        return new PersistentState(ids, new RunningGroups(key, [group]));
    }

    private static ServerGroup GroupOf(HashKey key, List<SlotMember> members, string encap, int draining)
    {
        Assert.True(Encap.TryParse(encap, out var parsed));
        var servers = members.Select((m, i) => new ServerEntry($"s{i}", m.Address, m.Weight, null)
        {
            Flows = (FlowState)(i % 3),
            HasFailed = i % 2 == 1,
            DrainingSince = i == draining ? Time : null,
        });
        return new ServerGroup(
            new GroupKey(PoolKey.InDefault("web"), parsed.Value,
                draining % 2 == 0 ? null : ServiceKey.InDefault("shop")),
            [.. servers], SlotTable.Build(key, members, 1021));
    }

    private static bool IsSame(ServerGroup one, ServerGroup other) => one.Key == other.Key
        && one.Servers.SequenceEqual(other.Servers)
        && one.Slots.Members.SequenceEqual(other.Slots.Members)
        && one.Slots.Slots.SequenceEqual(other.Slots.Slots)
        && one.Transition?.MigrationWindowEnds == other.Transition?.MigrationWindowEnds
        && (one.Transition?.PreviousServers ?? []).SequenceEqual(other.Transition?.PreviousServers ?? []);

    private static byte[] Write(PersistentState state)
    {
        using var bytes = new MemoryStream();
        using (var writer = new BinaryWriter(bytes, Encoding.UTF8, leaveOpen: true))
            state.Write(writer);
        return bytes.ToArray();
    }

    private static PersistentState Read(byte[] bytes)
    {
        using var reader = new BinaryReader(new MemoryStream(bytes), Encoding.UTF8);
        return PersistentState.Read(reader);
    }
}
