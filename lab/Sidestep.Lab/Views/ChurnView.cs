using Sidestep.Lab.Scenarios;
using Spectre.Console;

namespace Sidestep.Lab.Views;

/// <summary>Prints the result of a churn run as text.</summary>
internal static class ChurnView
{
    public static void Write(ChurnReport report)
    {
        var table = new Table().Border(TableBorder.Simple).AddColumns("at", "step", "in force after");
        foreach (var step in report.Events)
            table.AddRow(new Text($"{step.AtSecond:0.0} s"), new Text(step.Step),
                new Text(step.Problem ?? $"{step.Seconds:0.0} s"));
        AnsiConsole.Write(table);

        var chart = new BarChart().Width(76).Label("[bold]long-lived connections per server[/]").LeftAlignLabel();
        foreach (var (server, sessions) in report.PerServer.OrderBy(s => s.Key, StringComparer.Ordinal))
            chart.AddItem(server, sessions, Color.Green);
        AnsiConsole.Write(chart);

        var sum = new Table().Border(TableBorder.Simple).HideHeaders().AddColumns("subject", "result");
        void Row(string subject, string result, bool isOk = true) =>
            sum.AddRow(new Text(subject), new Text(result, isOk ? Style.Plain : new Style(Color.Red)));
        Row("TCP connections",
            $"{report.Connections:N0} kept open, {report.ConnectionsBroken} broken; "
                + $"{report.Responses:N0} correct responses", report.ConnectionsBroken == 0);
        Row("short connections", $"{report.ShortConnections:N0} ok, {report.ShortConnectionsFailed} failed",
            report.ShortConnectionsFailed == 0);
        Row("numbered datagrams",
            $"{report.PacketsSent:N0} sent, {report.PacketsLost} lost, "
                + $"{report.PacketsDuplicated} duplicated{Without(report)}", report.PacketsLost
                    + report.PacketsDuplicated == 0);
        Row("meanwhile",
            $"{report.Changes} changes, {report.DaemonKills} times kill -9, {report.DaemonRestarts} times stopped and "
                + $"started, {report.Upgrades} times replaced by another version; {report.Services:N0} services");
        if (report.TakeOver is { } takeOver)
            Row("tracked flows",
                $"{takeOver.TrackedFlows:N0} before the take-over, {takeOver.TrackedAfter:N0} after it, "
                    + $"{takeOver.Lost} lost", takeOver.Lost == 0);
        Row("to VIPs, at the director",
            $"{report.FramesToVipAtDirector:N0} frames in, {report.FramesForwardedByDirector:N0} out",
            report.FramesToVipAtDirector == report.FramesForwardedByDirector);
        Row("from VIPs, at the director", $"{report.FramesWithVipSourceAtDirector:N0} frames (must be 0)",
            report.FramesWithVipSourceAtDirector == 0);
        Row("check: breaks",
            $"{report.BrokenOnPurpose.Server} disabled under {report.BrokenOnPurpose.Sessions} connections: "
                + $"{report.BrokenOnPurpose.Broken} broke, as they must");
        if (report.LostOnPurpose is { } lost)
            Row("check: losses",
                $"{lost.Service} removed under {lost.Sent} datagrams: {lost.Lost} missed, as they must be");
        Row(report.Topology, report.Ok
            ? $"ok, after {report.Seconds} s" : $"{report.Problems.Count} problems", report.Ok);
        AnsiConsole.Write(sum);
    }

    private static string Without(ChurnReport report) => report.PacketsLostWithoutDaemon == 0 ? ""
        : $"; {report.PacketsLostWithoutDaemon:N0} more were lost in {report.SecondsWithoutDaemon} s without a daemon";
}
