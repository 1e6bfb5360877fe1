using System.Globalization;
using Sidestep.Api.Traces;
using Sidestep.Packets.Capture;

namespace Sidestep.Cli;

/// <summary>Writes a trace for people.</summary>
internal static class TraceText
{
    /// <summary>Writes the packet, a line for each stage, the decision, and the frame that would be sent.</summary>
    internal static void Write(TraceReport report, TextWriter output)
    {
        output.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{report.Packet}, {report.In.Length / 2} bytes"));
        foreach (var stage in report.Stages)
            output.WriteLine($"  {stage.Stage,-12} {(stage.Text.Length > 0 ? stage.Text : "-")}");
        output.WriteLine(report.Reason is { } reason ? $"{report.Decision} {reason}" : report.Decision);
        if (report.Out is not { } hex)
            return;
        var sent = Convert.FromHexString(hex);
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{FrameText.Of(sent)}, {sent.Length} bytes"));
    }
}
