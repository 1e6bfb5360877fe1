using System.Globalization;

namespace Sidestep.Packets.Capture;

/// <summary>Decodes capture files of both formats, pcap (draft-ietf-opsawg-pcap) and pcapng (draft-ietf-opsawg-pcapng),
/// in either byte order, from a stream of bytes. Allocates nothing per frame. Not thread-safe.</summary>
public sealed class CaptureDecoder
{
    /// <summary>The longest accepted frame in bytes.</summary>
    public const int LongestFrame = 262_144;

    /// <summary>The longest accepted block of a pcapng file in bytes.</summary>
    public const int LongestBlock = 16 * 1024 * 1024;

    private const int MagicBytes = 4;

    private PcapDecoder? _pcap;
    private PcapngDecoder? _pcapng;

    /// <summary>Position in the file of the next piece to be read, in bytes.</summary>
    public long Offset { get; private set; }

    /// <summary>Why the file cannot be read beyond <see cref="Offset"/>; null while it can.</summary>
    public string? Problem { get; private set; }

    /// <summary>Name of an interface of the file; null when the file does not name it.</summary>
    /// <param name="number">Number of the interface in the file, from 0.</param>
    public string? InterfaceName(int number) => _pcapng?.NameOf(number);

    /// <summary>Reads from the file's bytes until one frame is complete, or more bytes are needed.</summary>
    /// <param name="bytes">The next bytes of the file: those that the previous call did not consume, and more.</param>
    /// <param name="isEnd">The file ends with <paramref name="bytes"/>.</param>
    /// <param name="consumed">Number of bytes that were consumed; the caller passes the rest again.</param>
    /// <param name="frame">The frame; its bytes are a part of <paramref name="bytes"/>.</param>
    /// <returns><see cref="CaptureStatus.Frame"/>, or why no frame was read.</returns>
    public CaptureStatus Read(ReadOnlySpan<byte> bytes, bool isEnd, out int consumed, out CaptureRecord frame)
    {
        consumed = 0;
        frame = default;
        if (Problem is not null)
            return CaptureStatus.Broken;
        if (_pcap is null && _pcapng is null)
        {
            if (bytes.Length < MagicBytes)
                return isEnd ? Break($"the file ends after {bytes.Length} bytes, before its format is known")
                    : CaptureStatus.NeedsMore;
            if (PcapDecoder.Recognizes(bytes))
                _pcap = new PcapDecoder();
            else if (PcapngDecoder.Recognizes(bytes))
                _pcapng = new PcapngDecoder();
            else
            {
                return Break($"this is not a capture file: {Convert.ToHexStringLower(bytes[..MagicBytes])} at its start"
                    + " is no magic number of pcap or pcapng");
            }
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
                return isEnd ? Break(CutOff(rest.Length, piece)) : CaptureStatus.NeedsMore;
            consumed += piece.Bytes;
            Offset += piece.Bytes;
            if (piece.IsFrame)
                return CaptureStatus.Frame;
        }
    }

    private static string CutOff(int bytes, in CapturePiece piece) => string.Create(CultureInfo.InvariantCulture,
        $"the file is truncated: it ends {bytes} bytes into a record of {(piece.IsMinimum ? "at least " : "")}")
        + piece.Bytes.ToString(CultureInfo.InvariantCulture);

    private CaptureStatus Break(string problem)
    {
        Problem = problem;
        return CaptureStatus.Broken;
    }
}

/// <summary>Result of <see cref="CaptureDecoder.Read"/>.</summary>
public enum CaptureStatus
{
    /// <summary>One frame was read; the <c>frame</c> argument has it.</summary>
    Frame,

    /// <summary>The bytes end within a record: more are needed.</summary>
    NeedsMore,

    /// <summary>The file has ended, after a whole record.</summary>
    End,

    /// <summary>The file cannot be read any further: see <see cref="CaptureDecoder.Problem"/>.</summary>
    Broken,
}

/// <summary>A frame of a capture file.</summary>
/// <param name="bytes">The captured bytes, from the Ethernet header on.</param>
/// <param name="length">Length of the frame on the wire, in bytes.</param>
/// <param name="time">Nanoseconds since 1970-01-01 UTC; 0 when the file holds no time.</param>
/// <param name="interface">Number of the interface in the file, from 0.</param>
public readonly ref struct CaptureRecord(ReadOnlySpan<byte> bytes, int length, long time, int @interface)
{
    /// <summary>The captured bytes, from the Ethernet header on; may be fewer than <see cref="Length"/>.</summary>
    public ReadOnlySpan<byte> Bytes { get; } = bytes;

    /// <summary>Length of the frame on the wire, in bytes.</summary>
    public int Length { get; } = length;

    /// <summary>Nanoseconds since 1970-01-01 UTC; 0 when the file holds no time.</summary>
    public long Time { get; } = time;

    /// <summary>Number of the interface in the file, from 0.</summary>
    public int Interface { get; } = @interface;
}

/// <summary>A piece of a file: a header, a record or a block.</summary>
/// <param name="Bytes">Its length. When the given bytes are fewer, the piece is incomplete and nothing was
/// read.</param>
/// <param name="IsFrame">The piece holds a frame.</param>
/// <param name="IsMinimum">The piece is at least <paramref name="Bytes"/> long; its length is not known yet.</param>
/// <param name="Problem">Why the piece cannot be read; null when it can.</param>
internal readonly record struct CapturePiece(
    int Bytes, bool IsFrame = false, bool IsMinimum = false, string? Problem = null)
{
    internal static CapturePiece Broken(string problem) => new(0, Problem: problem);
}
