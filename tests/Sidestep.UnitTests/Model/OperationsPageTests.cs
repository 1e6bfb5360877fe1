using Sidestep.Forwarding;
using Sidestep.Testing;

namespace Sidestep.UnitTests.Model;

/// <summary>docs/operations.md says what to do about every drop, and knows no other.</summary>
public sealed class OperationsPageTests
{
    private static readonly string Page = Repository.Read("docs/operations.md");

    [Fact]
    public void Every_drop_reason_has_a_row_with_its_meaning_and_remedy()
    {
        var rows = Section("## What a drop means").Split('\n')
            .Where(static l => l.StartsWith("| `", StringComparison.Ordinal))
            .Select(static l => l.Trim('|', ' ').Split(" | ")).ToArray();
        Assert.Equal(
            Enum.GetValues<DropReason>().Select(static r => $"`{CounterName.Of(r)}`"),
            rows.Select(static r => r[0]));
        Assert.All(rows, static r => Assert.Equal(3, r.Length));
        Assert.All(rows.SelectMany(static r => r), static cell => Assert.NotEmpty(cell.Trim()));
    }

    [Fact]
    public void Every_decision_of_the_capture_filter_is_documented()
    {
        var section = Section("## What happened to a frame: `sidestep capture`");
        Assert.All(Enum.GetValues<Decision>(), d =>
            Assert.Contains($"`{CounterName.Of(d)}`", section, StringComparison.Ordinal));
    }

    private static string Section(string heading)
    {
        var from = Page.IndexOf(heading, StringComparison.Ordinal);
        Assert.True(from >= 0, $"docs/operations.md has no section '{heading}'");
        var to = Page.IndexOf("\n## ", from + 1, StringComparison.Ordinal);
        return to < 0 ? Page[from..] : Page[from..to];
    }
}
