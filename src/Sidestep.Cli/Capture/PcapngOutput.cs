using System.Buffers;
using System.Globalization;
using Sidestep.Api.Captures;
using Sidestep.Forwarding;
using Sidestep.Packets.Capture;

namespace Sidestep.Cli.Capture;

/// <summary>Writes a pcapng file. Each of its interfaces is one interface of the director in one direction.</summary>
public sealed class PcapngOutput : ICaptureOutput
{
    private readonly Stream _stream;
    private readonly int _snap;
    private readonly ArrayBufferWriter<byte> _blocks = new();
    private readonly Dictionary<(string Interface, bool IsOut), int> _interfaces = [];

    /// <summary>Starts the file.</summary>
    /// <param name="stream">Where to write; closed by <see cref="Dispose"/>.</param>
    /// <param name="snap">The most recorded bytes of a frame.</param>
    public PcapngOutput(Stream stream, int snap)
    {
        _stream = stream;
        _snap = snap;
        Pcapng.WriteSection(_blocks, "sidestep capture");
        Flush();
    }

    /// <inheritdoc/>
    public void Write(FrameRecord frame)
    {
        ArgumentNullException.ThrowIfNull(frame);
        var isOut = frame.Direction == FrameDirection.Out;
        if (!_interfaces.TryGetValue((frame.Interface, isOut), out var number))
        {
            _interfaces.Add((frame.Interface, isOut), number = _interfaces.Count);
            Pcapng.WriteInterface(_blocks, frame.Interface,
                isOut ? "sent by the director" : "received by the director", _snap);
        }
        Pcapng.WriteFrame(_blocks, new PcapngFrame(number, frame.TimeNanoseconds, frame.Length, isOut, frame.Number,
            (int)Enum.Parse<XdpAction>(frame.Action, ignoreCase: true), Comment(frame)), frame.Bytes.Span);
    }

    /// <inheritdoc/>
    public void Flush()
    {
        _stream.Write(_blocks.WrittenSpan);
        _stream.Flush();
        _blocks.ResetWrittenCount();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Flush();
        _stream.Dispose();
    }

    /// <summary><c>frame 7 in; decision: forward; service: www; server: web1 (10.0.0.11)</c>.</summary>
    internal static string Comment(FrameRecord frame)
    {
        var text = string.Create(CultureInfo.InvariantCulture,
            $"frame {frame.Number} {CounterName.Of(frame.Direction)}; decision: {frame.Decision}");
        if (frame.Reason is { } reason)
            text += $"; reason: {reason}";
        if (frame.Service is { } service)
            text += $"; service: {service}";
        if (frame.Server is { } server)
            text += $"; server: {server} ({frame.ServerAddress})";
        return text;
    }
}
