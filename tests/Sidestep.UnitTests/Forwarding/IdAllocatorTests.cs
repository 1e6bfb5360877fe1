using FsCheck.Fluent;
using Sidestep.Forwarding;
using Sidestep.UnitTests.Packets;

namespace Sidestep.UnitTests.Forwarding;

/// <summary>Small IDs that stay stable: inline ones first, released ones last.</summary>
public sealed class IdAllocatorTests
{
    [Fact]
    public void Inline_IDs_are_allocated_first_in_order()
    {
        var ids = Allocator(first: 1, inlineEnd: 3, end: 6);
        Assert.Equal([1, 2, 3], ids.Allocate(["a", "b", "c"], []));
        Assert.Equal([1, 2, 3], new[] { ids["a"], ids["b"], ids["c"] });
    }

    [Fact]
    public void Key_keeps_its_ID_and_is_not_reported_as_new()
    {
        var ids = Allocator(0, 8, 8);
        ids.Allocate(["a", "b"], []);
        Assert.Equal([2], ids.Allocate(["b", "c", "c", "a"], []));
        Assert.Equal([0, 1, 2], new[] { ids["a"], ids["b"], ids["c"] });
    }

    [Fact]
    public void Released_ID_is_reused_last()
    {
        var ids = Allocator(0, 3, 3);
        ids.Allocate(["a", "b"], []);
        Assert.Equal([0], ids.Release(["a", "unknown"]));
        ids.Allocate(["c", "d"], []);
        Assert.Equal([2, 0], new[] { ids["c"], ids["d"] });
        Assert.False(ids.TryFind("a", out _));
        Assert.Equal(["b", "c", "d"], ids.Keys.Order());
    }

    [Fact]
    public void Released_inline_ID_comes_before_other_free_IDs()
    {
        var ids = Allocator(0, 1, 4);
        ids.Allocate(["a", "b"], []);
        ids.Release(["a"]);
        ids.Allocate(["c"], []);
        Assert.Equal(0, ids["c"]);
    }

    [Fact]
    public void IDs_of_leaving_keys_are_taken_only_when_no_other_is_free()
    {
        var ids = Allocator(0, 3, 3);
        ids.Allocate(["a", "b"], []);
        ids.Allocate(["c"], ["a", "b"]);
        Assert.Equal([0, 1, 2], new[] { ids["a"], ids["b"], ids["c"] });
        ids.Allocate(["d"], ["a", "b"]);
        Assert.Equal(0, ids["d"]);
        Assert.False(ids.TryFind("a", out _));
        Assert.True(ids.TryFind("b", out _));
    }

    [Fact]
    public void Assigned_IDs_stay_and_are_not_allocated_again()
    {
        var ids = new IdAllocator<string>(0, 4, 4, new Dictionary<string, int> { ["old"] = 1 });
        ids.Allocate(["a", "b", "c"], []);
        Assert.Equal([1, 0, 2, 3], new[] { ids["old"], ids["a"], ids["b"], ids["c"] });
    }

    [Fact]
    public void No_two_keys_ever_share_an_ID() => Gens.Check(Gen.Choose(0, int.MaxValue), static seed =>
    {
        const int End = 20;
        var random = new Random(seed);
        var ids = new IdAllocator<int>(1, 8, End, new Dictionary<int, int> { [100] = 5 });
        for (var round = 0; round < 50; round++)
        {
            var desired = Enumerable.Range(0, 40).Where(_ => random.Next(4) == 0).Take(End - 1).ToHashSet();
            var leaving = ids.Keys.Where(k => !desired.Contains(k)).ToArray();
            var before = ids.Keys.ToDictionary(k => k, k => ids[k]);
            var added = ids.Allocate(desired, leaving);
            if (!added.ToHashSet().SetEquals(desired.Except(before.Keys).Select(k => ids[k]))
                || desired.Any(k => before.TryGetValue(k, out var id) && id != ids[k])
                || ids.Keys.Select(k => ids[k]).Distinct().Count() != ids.Keys.Count
                || ids.Keys.Any(k => ids[k] is < 1 or >= End))
                return false;
            ids.Release(leaving);
        }
        return true;
    }, 200);

    private static IdAllocator<string> Allocator(int first, int inlineEnd, int end) =>
        new(first, inlineEnd, end, new Dictionary<string, int>());
}
