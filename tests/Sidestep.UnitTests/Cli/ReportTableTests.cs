using Sidestep.Cli;
using Spectre.Console;

namespace Sidestep.UnitTests.Cli;

/// <summary>Tables on wide and narrow terminals.</summary>
public sealed class ReportTableTests
{
    [Fact]
    public void Table_aligns_text_left_and_numbers_right() =>
        Assert.Equal(
            """
              server  pool  flows
              ───────────────────
              web1    www       5
              web20   www      12


            """, Text(80, Servers()), ignoreLineEndingDifferences: true);

    [Fact]
    public void Columns_beyond_the_width_continue_the_row_in_a_line_below() =>
        Assert.Equal(
            """
              server  pool
                  flows
              ────────────
              web1    www
                      5
              web20   www
                     12


            """, Text(20, Servers()), ignoreLineEndingDifferences: true);

    [Fact]
    public void Table_is_split_only_if_it_is_wider_than_the_terminal()
    {
        Assert.Equal(5, Text(21, Servers()).Count('\n'));
        Assert.Equal(8, Text(20, Servers()).Count('\n'));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(30)]
    [InlineData(80)]
    [InlineData(120)]
    public void Every_cell_appears_at_any_width(int width)
    {
        string[] cells = ["a-real-server-name", "2001:db8:1111:2222:3333:4444:5555:6666", "serving", "up", "12345678"];
        var table = new ReportTable(["real server", "address", "state", "DSR path"], "packets");
        table.AddRow(cells);
        var text = Text(width, table).Replace("\n", "", StringComparison.Ordinal);
        Assert.All(cells, c => Assert.Contains(c, text, StringComparison.Ordinal));
    }

    [Fact]
    public void Row_has_a_cell_for_each_column() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => Servers().AddRow("web1", "www"));

    [Fact]
    public void Cell_is_not_markup()
    {
        var table = new ReportTable(["service"]);
        table.AddRow("[red]");
        Assert.Contains("[red]", Text(80, table), StringComparison.Ordinal);
    }

    private static ReportTable Servers()
    {
        var table = new ReportTable(["server", "pool"], "flows");
        table.AddRow("web1", "www", "5");
        table.AddRow("web20", "www", "12");
        return table;
    }

    private static string Text(int width, ReportTable table) => CommandRun.TextOf(output =>
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Out = new AnsiConsoleOutput(output),
            Ansi = AnsiSupport.No,
        });
        console.Profile.Width = width;
        table.Write(console);
    });
}
