using System.Globalization;

namespace Sidestep.Lab.Live;

/// <summary>The live view on a terminal: from a model and a size to lines.</summary>
internal static class LiveScreen
{
    private const int MinEvents = 3;
    private const int Gap = 2;

    // From these sizes on the drawing of the topology is on the screen, and from the second on two full columns.
    private const int DrawingMinWidth = 118, ColumnsMinWidth = 160;

    /// <returns>As many lines as the terminal has, each exactly as wide. A terminal below 80x24 shows the top left
    /// part.</returns>
    public static IReadOnlyList<ScreenLine> Render(LiveModel model, int width, int height)
    {
        var header = Header(model, width);
        var footer = Footer(model);
        var body = height - header.Count - 1;
        var lines = Body(model, width, body);
        return
        [
            .. header.Concat(lines).Concat(Enumerable.Repeat(ScreenLine.Empty, height)).Take(Math.Max(0, height - 1))
                .Select(l => l.ToWidth(width)),
            .. height > 0 ? [Inverse(footer, width)] : Array.Empty<ScreenLine>(),
        ];
    }

    private static List<ScreenLine> Body(LiveModel model, int width, int height)
    {
        var drawing = model.Drawing.Select(l => ScreenLine.Of(l)).ToList();
        var figures = LivePanels.Figures(model);
        var side = drawing.Select(l => l.Length).DefaultIfEmpty(0).Max() + Gap;
        var restOfWidth = width - side;
        if (width >= ColumnsMinWidth && drawing.Count + 1 + figures.Count <= height
            && restOfWidth >= LivePanels.MinWidth)
        {
            List<ScreenLine> left = [.. drawing, ScreenLine.Empty, .. figures];
            return Beside(left, side, WithEvents(LivePanels.Servers(model, restOfWidth), model, restOfWidth, height));
        }
        if (width >= DrawingMinWidth && restOfWidth >= LivePanels.FiguresWidth)
        {
            List<ScreenLine> top = [.. Beside(drawing, side, figures), ScreenLine.Empty,
                .. LivePanels.Servers(model, width)];
            if (top.Count + 1 + MinEvents < height)
                return WithEvents(top, model, width, height);
        }
        List<ScreenLine> fixedPart = [.. LivePanels.Servers(model, width), ScreenLine.Empty, LivePanels.Summary(model)];
        var picture = LivePanels.Picture(model);
        if (picture.Count + 1 + fixedPart.Count + 1 + MinEvents < height)
            fixedPart = [.. picture, ScreenLine.Empty, .. fixedPart];
        return WithEvents(fixedPart, model, width, height);
    }

    private static List<ScreenLine> Header(LiveModel model, int width)
    {
        var title = ScreenLine.Of($" sidestep lab: {model.Topology}", Tone.Bold)
            + ScreenLine.Of($", run {model.RunId}", Tone.Dim);
        var time = LivePanels.Time(model.Elapsed) + " ";
        return
        [
            title.ToWidth(Math.Max(title.Length, width - time.Length)) + time,
            ScreenLine.Of(" " + model.Status, LivePanels.ToneOf(model.StatusHealth)),
            ScreenLine.Empty,
        ];
    }

    private static string Footer(LiveModel model) => model.HasKeys
        ? string.Create(CultureInfo.InvariantCulture,
            $" {(model.Servers.Count > 1 ? $"1-{Math.Min(9, model.Servers.Count)} or arrows: select   " : "")}k: kill  "
                + $" d: drain   r: restore   q: quit")
        : " Ctrl-C: quit";

    private static ScreenLine Inverse(string text, int width) =>
        ScreenLine.Of(ScreenLine.Of(text).ToWidth(width).Text, Tone.Inverse);

    /// <summary>The last events below the rest, as many as there is space for.</summary>
    private static List<ScreenLine> WithEvents(List<ScreenLine> top, LiveModel model, int width, int height)
    {
        var space = Math.Max(0, height - top.Count - 2);
        var events = model.Events.SelectMany(e => LivePanels.Event(e, width)).TakeLast(space);
        return [.. top, ScreenLine.Empty, ScreenLine.Of(" events", Tone.Bold), .. events];
    }

    private static List<ScreenLine> Beside(List<ScreenLine> left, int leftWidth, List<ScreenLine> right)
    {
        var lines = new List<ScreenLine>();
        for (var i = 0; i < Math.Max(left.Count, right.Count); i++)
            lines.Add((i < left.Count ? left[i] : ScreenLine.Empty).ToWidth(leftWidth)
                + (i < right.Count ? right[i] : ScreenLine.Empty));
        return lines;
    }
}
