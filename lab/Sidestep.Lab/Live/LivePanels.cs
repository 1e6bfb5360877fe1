using System.Globalization;

namespace Sidestep.Lab.Live;

/// <summary>The parts of the live view.</summary>
internal static class LivePanels
{
    /// <summary>Columns that the table of servers needs.</summary>
    public const int MinWidth = 79;

    /// <summary>Columns of the table of frames.</summary>
    public const int FiguresWidth = 1 + LabelWidth + RateWidth + TotalWidth;

    private const int LabelWidth = 17, RateWidth = 9, TotalWidth = 11;

    private const int StateWidth = 10, AnsweredWidth = 9, FlowsWidth = 7, NoteWidth = 16;
    private const int MaxNameWidth = 14, MaxBarWidth = 40;

    // Indentation of an event's text: " 00:01:23  ".
    private const int EventIndent = 11;

    public static string Time(TimeSpan time) => $@"{(int)time.TotalHours:00}:{time:mm\:ss}";

    public static Tone ToneOf(LiveHealth health) => health switch
    {
        LiveHealth.Good => Tone.Good,
        LiveHealth.Warning => Tone.Warning,
        _ => Tone.Bad,
    };

    /// <summary>Client, director and servers, with the rates of frames on the arrows between them: 75
    /// columns.</summary>
    public static List<ScreenLine> Picture(LiveModel model)
    {
        var bypass = ScreenLine.Of($"reply frames at the director: {Count(model.RepliesAtDirector.Total)} (must be 0)",
            ToneOf(BypassHealth(model)));
        return
        [
            ScreenLine.Of(
                $" +--------+{Centred("requests", 20)}+----------+{Centred(model.Encapsulation, 20)}+---------+"),
            ScreenLine.Of(" | client |------------------->| director |------------------->| servers |"),
            ScreenLine.Of($" +--------+{Centred(Rate(model.RequestsIn), 20)}+----------+"
                + $"{Centred(Rate(model.RequestsForwarded), 20)}+---------+"),
            ScreenLine.Of($"     ^{new string(' ', 62)}|"),
            ScreenLine.Of($"     +{Dashed($" replies {Rate(model.RepliesAtClients)} ", 62)}+"),
            ScreenLine.Of("      ") + bypass,
        ];
    }

    /// <summary>Frames and requests, as rates and totals.</summary>
    public static List<ScreenLine> Figures(LiveModel model) =>
    [
        Heading("frames"),
        Row("requests in", model.RequestsIn),
        Row("requests out", model.RequestsForwarded),
        Row("replies, director", model.RepliesAtDirector, ToneOf(BypassHealth(model))),
        Row("replies, clients", model.RepliesAtClients),
        ScreenLine.Empty,
        Heading("HTTP requests"),
        Row("answered", model.Answered),
        Row("failed", model.Failed, model.Failed.Total == 0 ? Tone.Plain : Tone.Bad),
        ScreenLine.Empty,
        ScreenLine.Of(" " + "tracked flows".PadRight(LabelWidth + RateWidth)
            + Count(model.TrackedFlows).PadLeft(TotalWidth)),
        ScreenLine.Of(" " + "evicted flows".PadRight(LabelWidth + RateWidth)
            + Count(model.EvictedFlows).PadLeft(TotalWidth)),
    ];

    /// <summary>The requests and flows in one line, where there is no space for the table.</summary>
    public static ScreenLine Summary(LiveModel model) =>
        ScreenLine.Of($" HTTP: {Number(model.Answered.PerSecond)}/s, {Count(model.Answered.Total)} answered, ")
        + ScreenLine.Of($"{Count(model.Failed.Total)} failed", model.Failed.Total == 0 ? Tone.Plain : Tone.Bad)
        + $"; flows: {Count(model.TrackedFlows)} tracked, {Count(model.EvictedFlows)} evicted";

    /// <summary>A row for each server, with a bar for its share of the requests.</summary>
    public static List<ScreenLine> Servers(LiveModel model, int width)
    {
        var name = Math.Min(MaxNameWidth, model.Servers.Select(s => s.Name.Length).DefaultIfEmpty(0).Max());
        name = Math.Max(name, "server".Length);
        // Selection, number, name, state, rate; the bar; answered, flows, note.
        var others = 4 + name + 2 + StateWidth + RateWidth + 2 + AnsweredWidth + FlowsWidth + 2 + NoteWidth;
        var bar = Math.Clamp(width - others - 1, 0, MaxBarWidth);
        var most = model.Servers.Select(s => s.Answered.PerSecond).DefaultIfEmpty(0).Max();
        return
        [
            ScreenLine.Of("    " + "server".PadRight(name + 2) + "state".PadRight(StateWidth)
                + "per s".PadLeft(RateWidth) + "  "
                + new string(' ', bar) + "answered".PadLeft(AnsweredWidth) + "flows".PadLeft(FlowsWidth)
                    + "  note", Tone.Bold),
            .. model.Servers.Select((server, index) =>
                Server(server, index, index == model.Selected && model.HasKeys, name, bar, most)),
        ];
    }

    /// <summary>The time and the text, wrapped at spaces.</summary>
    public static IEnumerable<ScreenLine> Event(LiveEvent happened, int width)
    {
        var lead = ScreenLine.Of($" {Time(happened.At)}  ", Tone.Dim);
        foreach (var line in Wrap(happened.Text, Math.Max(1, width - EventIndent - 1)))
        {
            yield return lead + line;
            lead = ScreenLine.Of(new string(' ', EventIndent));
        }
    }

    private static ScreenLine Server(LiveServer server, int index, bool isSelected, int nameWidth, int barWidth,
        double most)
    {
        var share = most > 0 ? (int)Math.Round(server.Answered.PerSecond / most * barWidth) : 0;
        var name = server.Name.Length > nameWidth ? server.Name[..nameWidth] : server.Name;
        var number = index < 9 ? (index + 1).ToString(CultureInfo.InvariantCulture) : " ";
        return ScreenLine.Of($"{(isSelected ? '>' : ' ')} {number} {name.PadRight(nameWidth + 2)}", isSelected
            ? Tone.Bold : Tone.Plain)
            + ScreenLine.Of(server.State.PadRight(StateWidth), ToneOf(server.Health))
            + Number(server.Answered.PerSecond).PadLeft(RateWidth) + "  "
            + ScreenLine.Of(new string('=', share).PadRight(barWidth), Tone.Good)
            + Count(server.Answered.Total).PadLeft(AnsweredWidth) + Count(server.TrackedFlows).PadLeft(FlowsWidth)
            + (server.Note.Length > 0 ? "  " + server.Note : "");
    }

    private static IEnumerable<string> Wrap(string text, int width)
    {
        var rest = text.ReplaceLineEndings(" ").Trim();
        while (rest.Length > width)
        {
            var at = rest.LastIndexOf(' ', width);
            yield return rest[..(at > 0 ? at : width)];
            rest = rest[(at > 0 ? at + 1 : width)..];
        }
        yield return rest;
    }

    private static LiveHealth BypassHealth(LiveModel model) =>
        model.RepliesAtDirector.Total == 0 ? LiveHealth.Good : LiveHealth.Bad;

    private static ScreenLine Heading(string what)
        => ScreenLine.Of(" " + what.PadRight(LabelWidth) + "per s".PadLeft(RateWidth)
            + "total".PadLeft(TotalWidth), Tone.Bold);

    private static ScreenLine Row(string what, LiveFlow flow, Tone tone = Tone.Plain)
        => ScreenLine.Of(" " + what.PadRight(LabelWidth) + Number(flow.PerSecond).PadLeft(RateWidth)
            + Count(flow.Total).PadLeft(TotalWidth), tone);

    private static string Rate(LiveFlow flow) => $"{Number(flow.PerSecond)}/s";

    private static string Number(double value) => value.ToString("N1", CultureInfo.InvariantCulture);

    private static string Count(long value) => value.ToString("N0", CultureInfo.InvariantCulture);

    private static string Dashed(string text, int width)
        => text.PadLeft((width + text.Length) / 2, '-').PadRight(width, '-');

    private static string Centred(string text, int width) => text.PadLeft((width + text.Length) / 2).PadRight(width);
}
