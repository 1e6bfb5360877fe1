using Sidestep.Api;
using Sidestep.Testing;

namespace Sidestep.UnitTests.Model;

/// <summary>docs/operations.md has every diagnosis in the order of the report, with its meaning and remedy.</summary>
public sealed class DiagnosisPageTests
{
    [Fact]
    public void Every_diagnosis_has_a_row_with_its_meaning_and_remedy()
    {
        var page = Repository.Read("docs/operations.md");
        var from = page.IndexOf("## What is wrong: `sidestep doctor`", StringComparison.Ordinal);
        var section = page[from..page.IndexOf("\n## ", from + 1, StringComparison.Ordinal)];
        var rows = section.Split('\n').Where(static l => l.StartsWith("| `", StringComparison.Ordinal))
            .Select(static l => l.Trim('|', ' ').Split(" | ")).ToArray();

        Assert.Equal(DiagnosisNames.All.Select(static n => $"`{n}`"), rows.Select(static r => r[0]));
        Assert.All(rows, static r => Assert.Equal(3, r.Length));
        Assert.All(rows.SelectMany(static r => r), static cell => Assert.NotEmpty(cell.Trim()));
    }

    [Fact]
    public void Every_diagnosis_has_a_fault_in_the_lab_that_causes_it()
    {
        var expected = Directory.EnumerateFiles(Repository.File("lab/faults/faults"), "*.yaml")
            .Select(static f => File.ReadLines(f)
            .First(static l => l.StartsWith("expect: ", StringComparison.Ordinal))["expect: ".Length..]).Distinct();

        Assert.Equal(DiagnosisNames.All.Order(StringComparer.Ordinal), expected.Order(StringComparer.Ordinal));
    }
}
