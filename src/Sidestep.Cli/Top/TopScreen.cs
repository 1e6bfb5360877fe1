using System.Globalization;
using Sidestep.Api.Status;

namespace Sidestep.Cli.Top;

/// <summary>Draws <c>sidestep top</c>: lines of at most the width of the terminal.</summary>
internal static class TopScreen
{
    private const string Bold = "\x1b[1m", Inverse = "\x1b[7m", Plain = "\x1b[0m";

    private static readonly string[] Units = ["", "k", "M", "G", "T", "P"];

    /// <summary>The lines of the screen, without line ends.</summary>
    /// <param name="status">The latest status.</param>
    /// <param name="rows">The tables.</param>
    /// <param name="state">What is shown.</param>
    /// <param name="width">Columns of the terminal.</param>
    /// <param name="height">Lines of the terminal.</param>
    /// <param name="hasColours">False: no escape sequences.</param>
    internal static IReadOnlyList<string> Lines(DirectorStatus status, TopRows rows, TopState state, int width,
        int height, bool hasColours)
    {
        var table = state.TableOf(rows);
        int problems = status.Daemon.Errors.Length + status.Daemon.Degraded.Length + status.Daemon.Alarms.Length;
        string title = $"{status.Director}: {(status.IsAttached ? "forwards" : "does not forward")}, "
            + (problems == 0 ? "no problems" : $"{problems} problems: sidestep status") + $"; {table.Title}, by "
            + table.NumberColumns[state.ColumnOf(table)];
        int[] widths = WidthsOf(table, width);
        var lines = new List<string>
        {
            Styled(Fitted(title, width), Bold, hasColours),
            Styled(Fitted(Line(table, widths, [.. table.TextColumns, .. table.NumberColumns]), width), Bold,
                hasColours),
        };
        int visible = Math.Max(1, height - 3);
        int selected = state.SelectedOf(table);
        int first = Math.Max(0, selected - visible + 1);
        for (int i = first; i < Math.Min(first + visible, table.Rows.Length); i++)
        {
            var row = table.Rows[i];
            string line = Fitted(Line(table, widths, [row.Name, .. row.Texts, .. row.Values.Select(Short)]), width);
            lines.Add(i == selected ? Styled(line.PadRight(width), Inverse, hasColours) : line);
        }
        lines.Add(Fitted(TopState.Help, width));
        return lines;
    }

    /// <summary>A number in at most six characters: <c>1.25M</c>.</summary>
    internal static string Short(double value)
    {
        int unit = 0;
        while (value >= 999.5 && unit < Units.Length - 1)
        {
            value /= 1000;
            unit++;
        }
        bool isWhole = (unit == 0 && value == Math.Floor(value)) || value >= 99.95;
        string format = isWhole ? "0" : value >= 9.995 ? "0.0" : "0.00";
        return value.ToString(format, CultureInfo.InvariantCulture) + Units[unit];
    }

    private static int[] WidthsOf(TopTable table, int width)
    {
        int texts = table.TextColumns.Length, numbers = table.NumberColumns.Length;
        int[] widths = new int[texts + numbers];
        for (int i = 0; i < numbers; i++)
            widths[texts + i] = Math.Max(table.NumberColumns[i].Length, 6);
        int left = Math.Max(texts * 8, width - widths.Sum() - (2 * (widths.Length - 1)));
        for (int i = texts - 1; i >= 0; i--)
        {
            int wanted = table.Rows.Select(r => i == 0 ? r.Name.Length : r.Texts[i - 1].Length)
                .Append(table.TextColumns[i].Length).Max();
            widths[i] = Math.Min(wanted, Math.Max(8, left / (i + 1)));
            left -= widths[i];
        }
        return widths;
    }

    private static string Line(TopTable table, int[] widths, string[] cells) => string.Join("  ",
        cells.Select((cell, i) => i < table.TextColumns.Length ? Fitted(cell, widths[i]).PadRight(widths[i])
            : cell.PadLeft(widths[i])));

    private static string Fitted(string text, int width) => text.Length <= width ? text
        : width <= 1 ? text[..width] : text[..(width - 1)] + "…";

    private static string Styled(string text, string style, bool hasColours) =>
        hasColours ? style + text + Plain : text;
}
