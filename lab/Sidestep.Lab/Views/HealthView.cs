using Sidestep.Lab.Scenarios;
using Spectre.Console;

namespace Sidestep.Lab.Views;

/// <summary>Prints the result of a run that breaks and repairs servers, as text.</summary>
internal static class HealthView
{
    public static void Write(HealthReport report)
    {
        var table = new Table().Border(TableBorder.Simple)
            .AddColumns("fault", "server", "out after", "back after", "requests", "failed", "reason in status");
        foreach (var fault in report.Faults)
            table.AddRow(new Text(fault.Fault), new Text(fault.Server),
                new Text($"{fault.OutSeconds:0.00} s ({fault.Intervals:0.0} intervals)"),
                new Text($"{fault.BackSeconds:0.00} s"), new Text($"{fault.Requests:N0}"),
                    new Text($"{fault.FailedRequests}"), new Text(fault.Problem ?? fault.Reason ?? ""));
        AnsiConsole.Write(table);
        AnsiConsole.WriteLine(
            $"{report.NeverHealthy.Server}, which has no VIP: {report.NeverHealthy.ClientFrames} frames of clients "
                + $"(must be 0), {report.NeverHealthy.ProbeFrames} of probes");
        AnsiConsole.WriteLine(
            $"{report.Requests:N0} requests, {report.RequestsFailed} failed; "
                + $"{(report.Ok ? $"ok, after {report.Seconds} s" : $"{report.Problems.Count} problems")}");
    }
}
