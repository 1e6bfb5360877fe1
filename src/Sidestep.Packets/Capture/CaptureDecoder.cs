using System.Globalization;

namespace Sidestep.Packets.Capture;

/// <summary>Reads capture files of both kinds, pcap (draft-ietf-opsawg-pcap) and pcapng (draft-ietf-opsawg-pcapng), in either byte
/// order, out of bytes as they come: it neither knows nor cares where from. Nothing is allocated per frame.</summary>
public sealed class CaptureDecoder
{
    /// <summary>The most bytes of a frame, and of everything else that a file may hold in one piece.</summary>
    public const int LongestFrame = 262_144, LongestBlock = 16 * 1024 * 1024;

    private const int MagicBytes = 4;

    private PcapDecoder? _pcap;
    private PcapngDecoder? _pcapng;

    /// <summary>Bytes of the file before what is read next.</summary>
    public long Offset { get; private set; }

    /// <summary>Why the file cannot be read on, from <see cref="Offset"/>; null: nothing is wrong.</summary>
    public string? Problem { get; private set; }

    /// <summary>Name of an interface of the file, where it says so.</summary>
    public string? InterfaceName(int number) => _pcapng?.NameOf(number);

    /// <summary>Reads the next frame.</summary>
    /// <param name="bytes">What follows in the file; at least as much as was left over the last time.</param>
    /// <param name="isEnd">Nothing comes behind.</param>
    /// <param name="consumed">Bytes that are done with: what is left is to be given again, with more behind.</param>
    /// <param name="frame">The frame; its bytes are a part of <paramref name="bytes"/>.</param>
    /// <returns>Whether there is one.</returns>
    public CaptureStatus Read(ReadOnlySpan<byte> bytes, bool isEnd, out int consumed, out CaptureRecord frame)
    {
        consumed = 0;
        frame = default;
        if (Problem is not null)
            return CaptureStatus.Broken;
        if (_pcap is null && _pcapng is null)
        {
            if (bytes.Length < MagicBytes)
                return isEnd ? Break($"the file ends after {bytes.Length} bytes, before it says what it is") : CaptureStatus.NeedsMore;
            if (PcapDecoder.Recognizes(bytes))
                _pcap = new PcapDecoder();
            else if (PcapngDecoder.Recognizes(bytes))
                _pcapng = new PcapngDecoder();
            else
                return Break($"this is no capture file: it begins with {Convert.ToHexStringLower(bytes[..MagicBytes])}, and pcap and pcapng with other bytes");
        }
        while (true)
        {
            var rest = bytes[consumed..];
            if (rest.IsEmpty && isEnd && (_pcap?.IsComplete ?? true))
                return CaptureStatus.End;
            var piece = _pcap is { } pcap ? pcap.Read(rest, out frame) : _pcapng!.Read(rest, out frame);
            if (piece.Problem is { } problem)
                return Break(problem);
            if (piece.Bytes > rest.Length)
                return isEnd ? Break(string.Create(CultureInfo.InvariantCulture,
                    $"the file ends {rest.Length} bytes into a piece of {(piece.IsMinimum ? "at least " : "")}{piece.Bytes}: it was cut off"))
                    : CaptureStatus.NeedsMore;
            consumed += piece.Bytes;
            Offset += piece.Bytes;
            if (piece.IsFrame)
                return CaptureStatus.Frame;
        }
    }

    private CaptureStatus Break(string problem)
    {
        Problem = problem;
        return CaptureStatus.Broken;
    }
}

/// <summary>What <see cref="CaptureDecoder.Read"/> found.</summary>
public enum CaptureStatus
{
    /// <summary>A frame.</summary>
    Frame,

    /// <summary>The beginning of one: more bytes are needed.</summary>
    NeedsMore,

    /// <summary>The end of the file.</summary>
    End,

    /// <summary>Something that cannot be read: see <see cref="CaptureDecoder.Problem"/>.</summary>
    Broken,
}

/// <summary>A frame of a capture file.</summary>
/// <param name="bytes">What was captured of it, from the Ethernet header on.</param>
/// <param name="length">Bytes of the whole frame.</param>
/// <param name="time">Nanoseconds since 1970; 0 where the file does not say.</param>
/// <param name="interface">Number of the interface in the file, from 0.</param>
public readonly ref struct CaptureRecord(ReadOnlySpan<byte> bytes, int length, long time, int @interface)
{
    /// <summary>What was captured of it, from the Ethernet header on.</summary>
    public ReadOnlySpan<byte> Bytes { get; } = bytes;

    /// <summary>Bytes of the whole frame.</summary>
    public int Length { get; } = length;

    /// <summary>Nanoseconds since 1970; 0 where the file does not say.</summary>
    public long Time { get; } = time;

    /// <summary>Number of the interface in the file, from 0.</summary>
    public int Interface { get; } = @interface;
}

/// <summary>A piece of a file: a header, a record, a block.</summary>
/// <param name="Bytes">How long it is; longer than what was there: more is needed.</param>
/// <param name="IsFrame">It holds a frame.</param>
/// <param name="IsMinimum">It may be longer still.</param>
/// <param name="Problem">Why it cannot be read.</param>
internal readonly record struct CapturePiece(int Bytes, bool IsFrame = false, bool IsMinimum = false, string? Problem = null)
{
    internal static CapturePiece Broken(string problem) => new(0, Problem: problem);
}
