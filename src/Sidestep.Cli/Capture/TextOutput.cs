using System.Globalization;
using Sidestep.Forwarding;
using Sidestep.Forwarding.Capture;
using Sidestep.Packets.Capture;

namespace Sidestep.Cli.Capture;

/// <summary>Writes one line per frame, for people.</summary>
/// <param name="output">Where to write.</param>
/// <param name="colours">Whether the output is a terminal with colours.</param>
public sealed class TextOutput(TextWriter output, bool colours) : ICaptureOutput
{
    private const string Green = "\e[32m", Red = "\e[31m", Yellow = "\e[33m", Dim = "\e[2m", Reset = "\e[0m";

    /// <inheritdoc/>
    public void Write(CapturedFrame frame)
    {
        ArgumentNullException.ThrowIfNull(frame);
        var time = DateTimeOffset.UnixEpoch.AddTicks(frame.Time / TimeSpan.NanosecondsPerTick).ToLocalTime();
        var decision = frame.Reason is { } reason ? $"drop {CounterName.Of(reason)}" : CounterName.Of(frame.Decision);
        var target = frame.Service is null ? "" : frame.Server is null ? $"{frame.Service}  "
            : $"{frame.Service} -> {frame.Server}  ";
        var colour = frame.Decision switch
        {
            Decision.Drop => Red,
            Decision.Forward or Decision.DeliverLocally => Green,
            Decision.Pass => Dim,
            _ => Yellow,
        };
        output.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{time:HH:mm:ss.ffffff} #{frame.Number} {(frame.IsOut ? "out" : "in ")} {frame.Interface}  "
            + $"{(colours ? colour : "")}{decision}{(colours ? Reset : "")}  "
            + $"{target}{FrameText.Of(frame.Bytes.Span)}, {frame.Length} bytes"));
    }

    /// <inheritdoc/>
    public void Flush() => output.Flush();

    /// <summary>Flushes the writer, which belongs to the caller.</summary>
    public void Dispose() => Flush();
}
