using System.Buffers.Binary;
using System.Globalization;

namespace Sidestep.Packets.Capture;

/// <summary>Decodes a pcap file: one header, then one record per frame (draft-ietf-opsawg-pcap).</summary>
internal sealed class PcapDecoder
{
    private const uint Microseconds = 0xa1b2c3d4, Nanoseconds = 0xa1b23c4d;
    private const int HeaderBytes = 24, RecordBytes = 16, Version = 2, Ethernet = 1;
    private const long NanosecondsPerSecond = 1_000_000_000;

    private bool _isSwapped;
    private bool _isNano;

    /// <summary>True once the file header was read: from then on, the file may end after any record.</summary>
    internal bool IsComplete { get; private set; }

    internal static bool Recognizes(ReadOnlySpan<byte> bytes)
    {
        var magic = BinaryPrimitives.ReadUInt32LittleEndian(bytes);
        return magic is Microseconds or Nanoseconds
            || BinaryPrimitives.ReverseEndianness(magic) is Microseconds or Nanoseconds;
    }

    internal CapturePiece Read(ReadOnlySpan<byte> bytes, out CaptureRecord frame)
    {
        frame = default;
        return IsComplete ? Record(bytes, out frame) : Header(bytes);
    }

    private CapturePiece Header(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < HeaderBytes)
            return new CapturePiece(HeaderBytes);
        var magic = BinaryPrimitives.ReadUInt32LittleEndian(bytes);
        _isSwapped = magic is not (Microseconds or Nanoseconds);
        _isNano = (_isSwapped ? BinaryPrimitives.ReverseEndianness(magic) : magic) == Nanoseconds;
        var version = _isSwapped
            ? BinaryPrimitives.ReadUInt16BigEndian(bytes[4..]) : BinaryPrimitives.ReadUInt16LittleEndian(bytes[4..]);
        if (version != Version)
            return CapturePiece.Broken(string.Create(CultureInfo.InvariantCulture,
                $"version {version} of the pcap format is not supported: only {Version} is"));
        // The upper bits give the length of the frame check sequence after each frame.
        var link = ReadUInt32(bytes, 20) & 0xffff;
        if (link != Ethernet)
            return CapturePiece.Broken(string.Create(CultureInfo.InvariantCulture,
                $"the frames have link type {link}, not Ethernet (1): capture on an Ethernet interface"));
        IsComplete = true;
        return new CapturePiece(HeaderBytes);
    }

    private CapturePiece Record(ReadOnlySpan<byte> bytes, out CaptureRecord frame)
    {
        frame = default;
        if (bytes.Length < RecordBytes)
            return new CapturePiece(RecordBytes, IsMinimum: true);
        uint captured = ReadUInt32(bytes, 8), length = ReadUInt32(bytes, 12);
        if (captured > CaptureDecoder.LongestFrame || length > int.MaxValue)
            return CapturePiece.Broken(string.Create(CultureInfo.InvariantCulture,
                $"a frame of {Math.Max(captured, length)} bytes is too long: the file is damaged here"));
        var all = RecordBytes + (int)captured;
        if (bytes.Length < all)
            return new CapturePiece(all);
        var time = ReadUInt32(bytes, 0) * NanosecondsPerSecond + ReadUInt32(bytes, 4) * (_isNano ? 1L : 1000);
        frame = new CaptureRecord(bytes[RecordBytes..all], (int)length, time, 0);
        return new CapturePiece(all, IsFrame: true);
    }

    private uint ReadUInt32(ReadOnlySpan<byte> bytes, int at) => _isSwapped
        ? BinaryPrimitives.ReadUInt32BigEndian(bytes[at..]) : BinaryPrimitives.ReadUInt32LittleEndian(bytes[at..]);
}
