using System.Globalization;
using System.Text.Json;
using Sidestep.Cli.Capture;
using Sidestep.Forwarding;
using Sidestep.Forwarding.Capture;
using Sidestep.Packets.Capture;

namespace Sidestep.Cli.Replay;

/// <summary>A sink of replayed frames.</summary>
public interface IFrameReport : IDisposable
{
    /// <summary>Writes a frame and its result.</summary>
    /// <param name="number">Number of the frame, from 1.</param>
    /// <param name="time">Nanoseconds since 1970.</param>
    /// <param name="into">Name of the ingress interface.</param>
    /// <param name="outOf">Name of the egress interface.</param>
    /// <param name="input">The frame as it came in.</param>
    /// <param name="result">The engine's decision about it, and the resulting frame.</param>
    void Write(long number, long time, string into, string outOf, ReadOnlySpan<byte> input, ReplayedFrame result);
}

/// <summary>Writes one line per frame, for people.</summary>
/// <param name="output">Where to write.</param>
public sealed class TextReport(TextWriter output) : IFrameReport
{
    /// <inheritdoc/>
    public void Write(long number, long time, string into, string outOf, ReadOnlySpan<byte> input, ReplayedFrame result)
    {
        var decision = result.Decision == Decision.Drop ? $"drop {CounterName.Of(result.Reason)}"
            : CounterName.Of(result.Decision);
        var slot = result.Slot >= 0 ? string.Create(CultureInfo.InvariantCulture, $" slot {result.Slot}") : "";
        var target = result.Service is null ? ""
            : $"{result.Service}{slot}{(result.Server is { } server ? $" -> {server.Name}" : "")}  ";
        var sent = result.IsSent ? string.Create(CultureInfo.InvariantCulture,
            $", {result.Bytes.Length} out by {outOf}") : "";
        output.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"#{number} {time / 1_000_000_000}.{time % 1_000_000_000 / 1000:000000} {into}  {decision}  "
            + $"{target}{FrameText.Of(input)}, {input.Length} bytes{sent}"));
    }

    /// <summary>Flushes the writer, which belongs to the caller.</summary>
    public void Dispose() => output.Flush();
}

/// <summary>Writes one JSON object per frame, each on a line.</summary>
/// <param name="output">Where to write.</param>
public sealed class JsonReport(TextWriter output) : IFrameReport
{
    private readonly MemoryStream _line = new();

    /// <inheritdoc/>
    public void Write(long number, long time, string into, string outOf, ReadOnlySpan<byte> input, ReplayedFrame result)
    {
        _line.SetLength(0);
        using (var json = new Utf8JsonWriter(_line))
        {
            json.WriteStartObject();
            json.WriteNumber("frame", number);
            json.WriteNumber("time", time);
            json.WriteString("interface", into);
            json.WriteString("decision", CounterName.Of(result.Decision));
            json.WriteString("reason", result.Decision == Decision.Drop ? CounterName.Of(result.Reason) : null);
            json.WriteString("service", result.Service);
            if (result.Slot >= 0)
                json.WriteNumber("slot", result.Slot);
            else
                json.WriteNull("slot");
            json.WriteString("server", result.Server?.Name);
            json.WriteString("address", result.Server?.Address.ToString());
            json.WriteNumber("bytes", input.Length);
            json.WriteString("outInterface", result.IsSent ? outOf : null);
            json.WriteNumber("bytesOut", result.IsSent ? result.Bytes.Length : 0);
            json.WriteString("out", result.IsSent ? Convert.ToHexStringLower(result.Bytes) : null);
            json.WriteEndObject();
        }
        output.WriteLine(System.Text.Encoding.UTF8.GetString(_line.GetBuffer(), 0, (int)_line.Length));
    }

    /// <summary>Flushes the writer, which belongs to the caller.</summary>
    public void Dispose()
    {
        output.Flush();
        _line.Dispose();
    }
}

/// <summary>Writes a pcapng file with frames in and out.</summary>
/// <param name="file">The file; disposed with the report.</param>
public sealed class PcapngReport(PcapngOutput file) : IFrameReport
{
    private const int FramesPerFlush = 64;
    private int _waiting;

    /// <inheritdoc/>
    public void Write(long number, long time, string into, string outOf, ReadOnlySpan<byte> input, ReplayedFrame result)
    {
        var frame = new CapturedFrame
        {
            Number = number,
            Time = time,
            IsOut = false,
            Interface = into,
            Decision = result.Decision,
            Reason = result.Decision == Decision.Drop ? result.Reason : null,
            Action = result.Decision switch
            {
                Decision.Pass or Decision.DeliverLocally => XdpAction.Pass,
                Decision.Drop or Decision.Punted => XdpAction.Drop,
                _ => into == outOf ? XdpAction.Transmit : XdpAction.Redirect,
            },
            Service = result.Service,
            Server = result.Server?.Name,
            ServerAddress = result.Server?.Address.Address,
            Length = input.Length,
            Bytes = input.ToArray(),
        };
        file.Write(CaptureRecords.Of(frame));
        if (result.IsSent)
            file.Write(CaptureRecords.Of(frame with
            {
                IsOut = true,
                Interface = outOf,
                Length = result.Bytes.Length,
                Bytes = result.Bytes.ToArray()
            }));
        if (++_waiting % FramesPerFlush == 0)
            file.Flush();
    }

    /// <inheritdoc/>
    public void Dispose() => file.Dispose();
}
