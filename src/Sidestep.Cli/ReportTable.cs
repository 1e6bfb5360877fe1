using Spectre.Console;

namespace Sidestep.Cli;

/// <summary>A table for people, which loses nothing on a narrow terminal: columns that do not fit beside the others
/// continue each row in an indented line below.</summary>
internal sealed class ReportTable
{
    private const string Gap = "  ";
    private const int Indentation = 4;

    private readonly string[] _header;
    private readonly bool[] _isNumeric;
    private readonly int[] _widths;
    private readonly List<string[]> _rows = [];

    /// <summary>A table without rows.</summary>
    /// <param name="textColumns">The headers of the first columns, which are aligned left.</param>
    /// <param name="numericColumns">The headers of the columns after them, which are aligned right.</param>
    internal ReportTable(string[] textColumns, params string[] numericColumns)
    {
        _header = [.. textColumns, .. numericColumns];
        _isNumeric = [.. _header.Select((_, column) => column >= textColumns.Length)];
        _widths = [.. _header.Select(static h => h.Length)];
    }

    /// <summary>Adds a row.</summary>
    /// <param name="cells">One text for each column.</param>
    internal void AddRow(params string[] cells)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(cells.Length, _header.Length);
        for (var column = 0; column < cells.Length; column++)
            _widths[column] = Math.Max(_widths[column], cells[column].Length);
        _rows.Add(cells);
    }

    /// <summary>Writes the header, a rule, the rows and an empty line.</summary>
    internal void Write(IAnsiConsole console)
    {
        var lines = LinesFor(console.Profile.Width);
        WriteRow(console, _header, lines, new Style(decoration: Decoration.Bold));
        console.WriteLine(Gap + new string('─', lines.Max(WidthOf) - Gap.Length));
        foreach (var row in _rows)
            WriteRow(console, row, lines, Style.Plain);
        console.WriteLine();
    }

    /// <summary>The columns of each line of a row: as many as fit, and at least one.</summary>
    private List<Range> LinesFor(int width)
    {
        var lines = new List<Range>();
        for (var first = 0; first < _header.Length; first = lines[^1].End.Value)
        {
            var end = first + 1;
            while (end < _header.Length && WidthOf(first..(end + 1)) <= width)
                end++;
            lines.Add(first..end);
        }
        return lines;
    }

    private int WidthOf(Range columns) =>
        IndentationOf(columns) + _widths[columns].Sum(static w => w + Gap.Length);

    private static int IndentationOf(Range columns) => columns.Start.Value == 0 ? 0 : Indentation;

    private void WriteRow(IAnsiConsole console, string[] cells, List<Range> lines, Style style)
    {
        foreach (var columns in lines)
        {
            var line = new string(' ', IndentationOf(columns));
            for (var column = columns.Start.Value; column < columns.End.Value; column++)
            {
                var (cell, width) = (cells[column], _widths[column]);
                line += Gap + (_isNumeric[column] ? cell.PadLeft(width) : cell.PadRight(width));
            }
            console.WriteLine(line.TrimEnd(), style);
        }
    }
}
