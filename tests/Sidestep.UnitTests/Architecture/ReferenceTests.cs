namespace Sidestep.UnitTests.Architecture;

/// <summary>The rooms are as ARCHITECTURE.md draws them.</summary>
public sealed class ReferenceTests
{
    private static readonly string[] Names = [.. Room.All.Select(static r => r.Name)];

    [Fact]
    public void Every_reference_between_rooms_is_in_the_table()
    {
        var allowed = AllowedReferences.OfThePage(Names);
        Assert.Empty(Room.All.SelectMany(room => room.Uses
            .Where(used => !allowed.TryGetValue(room.Name, out var may) || !may.Contains(used))
            .Select(used => $"{room.File} uses {used}, which ARCHITECTURE.md does not allow")));
    }

    [Fact]
    public void The_table_lists_every_room_and_no_other() =>
        Assert.Equal(Names.Order(StringComparer.Ordinal), AllowedReferences.OfThePage(Names).Keys.Order(StringComparer.Ordinal));

    [Fact]
    public void No_room_uses_itself_through_others()
    {
        var uses = Room.All.ToDictionary(static r => r.Name, static r => r.Uses);
        IEnumerable<string> Reachable(string from, HashSet<string> seen) =>
            uses[from].Where(seen.Add).SelectMany(next => Reachable(next, seen).Prepend(next));
        Assert.DoesNotContain(Names, name => Reachable(name, []).Contains(name));
    }

    [Fact]
    public void Unsafe_code_is_in_Native_alone() =>
        Assert.Equal(["Native"], Room.All.Where(static r => r.AllowsUnsafe).Select(static r => r.Name));

    [Fact]
    public void Packets_and_Native_use_nothing() =>
        Assert.All(Room.All.Where(static r => r.Name is "Packets" or "Native"), static r => Assert.Empty(r.Uses));

    [Fact]
    public void The_table_is_found_whatever_stands_around_it()
    {
        const string Page = """
            # Sidestep
            | room | may use |
            |---|---|
            | `Other` | a table of something else |
            ## 2. Allowed references
            Some words, with `Packets` in them.

            | room | may use |
            | :--- | :--- |
            | `Packets` | nothing |
            | `Engine.Xdp` | `Packets`, Model and `Native`. |
            | **Model** | `Packets` |

            | another | table |
            |---|---|
            | `Native` | `Model` |
            """;
        var table = AllowedReferences.Read(Page, ["Packets", "Model", "Native", "Engine.Xdp"]);
        Assert.Equal(["Packets", "Engine.Xdp", "Model"], table.Keys);
        Assert.Empty(table["Packets"]);
        Assert.Equal(["Model", "Native", "Packets"], table["Engine.Xdp"].Order(StringComparer.Ordinal));
    }
}
