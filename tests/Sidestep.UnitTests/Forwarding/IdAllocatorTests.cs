using Sidestep.Forwarding;

namespace Sidestep.UnitTests.Forwarding;

/// <summary>Ids stay with their names, and a released id is reused as late as possible.</summary>
public sealed class IdAllocatorTests
{
    [Fact]
    public void Released_ids_are_reused_last()
    {
        var ids = new IdAllocator<string>(1, 5, 5, new Dictionary<string, int> { ["old"] = 2 });
        Assert.Equal(["a"], ids.Allocate(["a", "old"], []));
        Assert.Equal([1, 2], [ids["a"], ids["old"]]);
        Assert.Equal([1, 2], ids.Release(["a", "old"]));
        string[] names = ["b", "c", "d", "e"];
        foreach (var name in names)
            ids.Allocate([name], []);
        Assert.Equal([3, 4, 1, 2], names.Select(n => ids[n]));
    }

    [Fact]
    public void Ids_of_departing_names_are_reused_when_ids_run_out()
    {
        var ids = new IdAllocator<string>(1, 4, 4, new Dictionary<string, int> { ["stays"] = 1, ["leaves"] = 2 });
        Assert.Equal(["x", "y"], ids.Allocate(["stays", "x", "y"], ["leaves"]));
        Assert.Equal(1, ids["stays"]);
        Assert.Equal([2, 3], new[] { ids["x"], ids["y"] }.Order());
    }

    [Fact]
    public void Inline_ids_are_used_before_the_others()
    {
        var ids = new IdAllocator<string>(1, 3, 5, new Dictionary<string, int>());
        ids.Allocate(["a", "b", "c"], []);
        Assert.Equal([1, 2, 3], new[] { "a", "b", "c" }.Select(n => ids[n]));
        ids.Release(["b"]);
        ids.Allocate(["d"], []);
        Assert.Equal(2, ids["d"]);
    }

    [Fact]
    public void Name_without_an_id_is_not_found_and_releases_nothing()
    {
        var ids = new IdAllocator<string>(0, 2, 2, new Dictionary<string, int> { ["a"] = 1 });
        Assert.True(ids.TryFind("a", out var id));
        Assert.Equal(1, id);
        Assert.False(ids.TryFind("b", out _));
        Assert.Empty(ids.Release(["b"]));
        Assert.Equal(["a"], ids.Keys);
        Assert.Empty(ids.Allocate(["a", "a"], []));
    }
}
