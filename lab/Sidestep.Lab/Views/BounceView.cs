using Sidestep.Lab.Bounces;
using Spectre.Console;

namespace Sidestep.Lab.Views;

/// <summary>Prints the result of a run that disturbs links and kernel state as text.</summary>
internal static class BounceView
{
    public static void Write(BounceReport report)
    {
        var table = new Table().Border(TableBorder.Simple).AddColumns("node", "disturbed", "times", "longest");
        foreach (var same in report.Events.GroupBy(static e => (e.Node, e.What)))
        {
            table.AddRow(new Text(same.Key.Node), new Text(same.Key.What), new Text($"{same.Count()}"),
                new Text(same.Any(static e => e.NotRestored.Count > 0) ? "not restored"
                    : $"{same.Max(static e => e.RestoreSeconds):0.00} s"));
        }
        AnsiConsole.Write(table);

        var sum = new Table().Border(TableBorder.Simple).HideHeaders().AddColumns("subject", "result");
        void Row(string subject, string result, bool isOk = true) =>
            sum.AddRow(new Text(subject), new Text(result, isOk ? Style.Plain : new Style(Color.Red)));
        Row("disturbances", $"{report.Events.Count:N0} in {report.Rounds} rounds; the longest restoration took "
            + $"{report.LongestRestoreSeconds:0.00} s: {report.LongestRestore}", report.NotRestored.Count == 0);
        Row("servers judged down", $"{report.ServersJudgedDown}", report.ServersJudgedDown == 0);
        Row("servers not serving", $"{report.NotServing.Count}", report.NotServing.Count == 0);
        Row("numbered datagrams", $"{report.DatagramsSent:N0} sent, {report.DatagramsLost:N0} lost, of these "
            + $"{report.DatagramsLostOutsideOutages} outside of the {report.OutageSeconds:0.0} s of outages",
            report.DatagramsLostOutsideOutages == 0);
        Row("TCP connections", $"{report.Connections} kept open, {report.ConnectionsBroken} broken",
            report.ConnectionsBroken == 0);
        Row("check: removals", $"{report.RemovedOnPurpose.Run}: "
            + $"{(report.RemovedOnPurpose.Noticed ? "noticed" : "not noticed")}, {report.RemovedOnPurpose.Lost} lost",
            report.RemovedOnPurpose is { Noticed: true, Lost: > 0 });
        Row(report.Topology, report.Ok
            ? $"ok, after {report.Seconds} s" : $"{report.Problems.Count} problems", report.Ok);
        AnsiConsole.Write(sum);
    }
}
