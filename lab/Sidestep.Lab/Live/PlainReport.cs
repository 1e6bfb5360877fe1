using System.Globalization;

namespace Sidestep.Lab.Live;

/// <summary>The live view for a pipe or a log: a line for each event, and a line with the rates now and then.</summary>
internal static class PlainReport
{
    public static string Event(LiveEvent happened) => $"{LivePanels.Time(happened.At)} {happened.Text}";

    public static string Rates(LiveModel model) => string.Create(CultureInfo.InvariantCulture,
        $"{LivePanels.Time(model.Elapsed)} {model.Status} HTTP {model.Answered.PerSecond:0.0}/s, "
            + $"{model.Answered.Total} answered, "
        + $"{model.Failed.Total} failed; frames in {model.RequestsIn.PerSecond:0.0}/s, out "
        + $"{model.RequestsForwarded.PerSecond:0.0}/s, "
        + $"replies {model.RepliesAtClients.PerSecond:0.0}/s, at the director {model.RepliesAtDirector.Total}; "
        + $"{model.TrackedFlows} flows tracked; ")
        + string.Join(", ",
            model.Servers.Select(s =>
                string.Create(CultureInfo.InvariantCulture, $"{s.Name} {s.State} {s.Answered.PerSecond:0.0}/s")));
}
