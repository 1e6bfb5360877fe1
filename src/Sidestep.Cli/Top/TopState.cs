namespace Sidestep.Cli.Top;

/// <summary>What the person at <c>sidestep top</c> looks at, and how keys change it.</summary>
internal sealed class TopState
{
    private enum View
    {
        Services,
        Servers,
        Drops,
    }

    private View _view;
    private string? _service;
    private int _selected;
    private int _column;

    /// <summary>True: the smallest value is first.</summary>
    private bool _isReversed;

    /// <summary>True after q.</summary>
    internal bool HasEnded { get; private set; }

    /// <summary>The help in the last line.</summary>
    internal const string Help =
        "q quit  Tab table  s sort  r reverse  ↑↓ select  Enter its servers  Esc back";

    /// <summary>Handles a key.</summary>
    /// <param name="key">The key.</param>
    /// <param name="rows">The rows that are shown, in their order.</param>
    internal void Press(ConsoleKeyInfo key, IReadOnlyList<TopRow> rows)
    {
        switch (key.Key)
        {
            case ConsoleKey.Q:
                HasEnded = true;
                break;
            case ConsoleKey.Tab:
                Show((View)(((int)_view + 1) % 3), null);
                break;
            case ConsoleKey.S:
                _column++;
                break;
            case ConsoleKey.R:
                _isReversed = !_isReversed;
                break;
            case ConsoleKey.DownArrow:
                _selected = Math.Min(_selected + 1, Math.Max(0, rows.Count - 1));
                break;
            case ConsoleKey.UpArrow:
                _selected = Math.Max(0, _selected - 1);
                break;
            case ConsoleKey.Enter when _view == View.Services && _selected < rows.Count:
                Show(View.Servers, rows[_selected].Name);
                break;
            case ConsoleKey.Escape:
                Show(View.Services, null);
                break;
        }
    }

    /// <summary>The table that is shown, sorted.</summary>
    internal TopTable TableOf(TopRows rows)
    {
        var table = _view switch
        {
            View.Services => rows.Services(),
            View.Servers => rows.Servers(_service),
            _ => rows.Drops(),
        };
        int column = ColumnOf(table);
        var sorted = table.Rows.OrderByDescending(r => r.Values[column])
            .ThenBy(static r => r.Name, StringComparer.Ordinal);
        return table with { Rows = [.. _isReversed ? sorted.Reverse() : sorted] };
    }

    /// <summary>The column that the rows are sorted by.</summary>
    internal int ColumnOf(TopTable table) => _column % table.NumberColumns.Length;

    /// <summary>The selected row.</summary>
    internal int SelectedOf(TopTable table) => Math.Min(_selected, Math.Max(0, table.Rows.Length - 1));

    private void Show(View view, string? service) => (_view, _service, _selected, _column) = (view, service, 0, 0);
}
