using Sidestep.Lab.Scenarios;
using Spectre.Console;

namespace Sidestep.Lab.Views;

/// <summary>Prints the result of a run as text.</summary>
internal static class TrafficView
{
    public static void Write(TrafficReport report)
    {
        var table = new Table().Border(TableBorder.Simple).HideHeaders().AddColumns("subject", "result");
        void Row(string subject, string result) => table.AddRow(new Text(subject), new Text(result));

        Row("HTTP requests",
            $"{report.RequestsOk} ok, {report.RequestsFailed} failed, from {report.ClientAddresses} client addresses");
        Row("by server", string.Join(", ", report.PerServer.Select(s => $"{s.Key} {s.Value}")));
        Row("uploads", $"{report.UploadsOk} ok, {report.UploadsFailed} failed");
        Row("UDP echoes", $"{report.UdpOk} ok, {report.UdpFailed} failed");
        Row("to the VIP, at the director",
            $"{report.FramesToVipAtDirector:N0} frames in, {report.FramesForwardedByDirector:N0} out, "
                + $"{report.BytesThroughDirector:N0} bytes");
        Row("from the VIP, at the director", $"{report.FramesWithVipSourceAtDirector:N0} frames (must be 0)");
        Row("from the VIP, at the client",
            $"{report.FramesWithVipSourceAtClient:N0} frames, {report.BytesToClient:N0} bytes");
        Row("engine", $"{report.Engine}, {report.Driver}");
        foreach (var step in report.Events)
            Row(step.Step, $"at request {step.AtRequest}: {(step.Ok ? step.Problem ?? "ok" : step.Problem)}");
        Row(report.Topology, report.Ok
            ? $"ok, after {report.Seconds} s" : $"{report.Problems.Count} problems");
        AnsiConsole.Write(table);
    }
}
