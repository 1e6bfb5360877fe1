using System.Globalization;
using Sidestep.Api.Captures;
using Sidestep.Packets.Capture;

namespace Sidestep.Cli.Capture;

/// <summary>Writes one line per frame, for people. If it is wider than the terminal, the packet stands in an indented
/// line below.</summary>
/// <param name="output">Where to write.</param>
/// <param name="colours">True: the output is a terminal with colours.</param>
/// <param name="width">Columns of the terminal.</param>
public sealed class TextOutput(TextWriter output, bool colours, int width) : ICaptureOutput
{
    private const string Green = "\e[32m", Red = "\e[31m", Yellow = "\e[33m", Dim = "\e[2m", Reset = "\e[0m";

    /// <inheritdoc/>
    public void Write(FrameRecord frame)
    {
        ArgumentNullException.ThrowIfNull(frame);
        var time = DateTimeOffset.UnixEpoch.AddTicks(frame.TimeNanoseconds / TimeSpan.NanosecondsPerTick).ToLocalTime();
        var decision = frame.Reason is { } reason ? $"{frame.Decision} {reason}" : frame.Decision;
        var target = frame.Service is null ? "" : frame.Server is null ? $"{frame.Service}  "
            : $"{frame.Service} -> {frame.Server}  ";
        var colour = frame.Decision switch
        {
            "drop" => Red,
            "forward" or "deliver-locally" => Green,
            "pass" => Dim,
            _ => Yellow,
        };
        var direction = frame.Direction == FrameDirection.Out ? "out" : "in ";
        var start = string.Create(CultureInfo.InvariantCulture,
            $"{time:HH:mm:ss.ffffff} #{frame.Number} {direction} {frame.Interface}  ");
        var packet = string.Create(CultureInfo.InvariantCulture,
            $"{FrameText.Of(frame.Bytes.Span)}, {frame.Length} bytes");
        output.WriteLine(TextConsole.Wrapped(
            $"{start}{(colours ? $"{colour}{decision}{Reset}" : decision)}  {target}", packet,
            start.Length + decision.Length + 2 + target.Length + packet.Length, width));
    }

    /// <inheritdoc/>
    public void Flush() => output.Flush();

    /// <summary>Flushes the writer, which belongs to the caller.</summary>
    public void Dispose() => Flush();
}
