namespace Sidestep.UnitTests.Architecture;

/// <summary>References between projects are those that ARCHITECTURE.md allows.</summary>
public sealed class ReferenceTests
{
    private static readonly string[] Names = [.. Project.All.Select(static r => r.Name)];

    [Fact]
    public void Every_project_reference_is_listed_in_the_table()
    {
        var allowed = AllowedReferences.FromArchitecturePage(Names);
        Assert.Empty(Project.All.SelectMany(project => project.Uses
            .Where(used => !allowed.TryGetValue(project.Name, out var may) || !may.Contains(used))
            .Select(used => $"{project.File} uses {used}, which ARCHITECTURE.md does not allow")));
    }

    [Fact]
    public void Table_lists_every_project_and_no_other() =>
        Assert.Equal(Names.Order(StringComparer.Ordinal),
            AllowedReferences.FromArchitecturePage(Names).Keys.Order(StringComparer.Ordinal));

    [Fact]
    public void No_project_references_itself_indirectly()
    {
        var uses = Project.All.ToDictionary(static r => r.Name, static r => r.Uses);
        IEnumerable<string> Reachable(string from, HashSet<string> seen) =>
            uses[from].Where(seen.Add).SelectMany(next => Reachable(next, seen).Prepend(next));
        Assert.DoesNotContain(Names, name => Reachable(name, []).Contains(name));
    }

    [Fact]
    public void Only_Native_allows_unsafe_code() =>
        Assert.Equal(["Native"], Project.All.Where(static r => r.AllowsUnsafe).Select(static r => r.Name));

    [Fact]
    public void Packets_and_Native_reference_no_project() =>
        Assert.All(Project.All.Where(static r => r.Name is "Packets" or "Native"), static r => Assert.Empty(r.Uses));

    [Fact]
    public void Table_is_found_among_other_text_and_tables()
    {
        const string Page = """
            # Sidestep
            | project | may use |
            |---|---|
            | `Other` | a table of something else |
            ## 2. Allowed references
            Some words, with `Packets` in them.

            | project | may use |
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
