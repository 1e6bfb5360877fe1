using System.Buffers.Binary;

namespace Sidestep.Lab.Captures;

/// <summary>One captured frame: when it passed, how long it was on the wire, and its first bytes.</summary>
internal readonly ref struct CapturedFrame(DateTimeOffset time, int length, ReadOnlySpan<byte> bytes)
{
    public DateTimeOffset Time { get; } = time;

    public int Length { get; } = length;

    public ReadOnlySpan<byte> Bytes { get; } = bytes;
}

/// <summary>Reads tcpdump's files (pcap-savefile(5), version 2.4, Ethernet), also from a pipe while tcpdump
/// writes.</summary>
internal sealed class PcapReader : IDisposable
{
    private const uint Magic = 0xa1b2c3d4;
    private const uint EthernetLink = 1;
    private const int FileHeaderLength = 24;
    private const int FrameHeaderLength = 16;

    private readonly Stream _stream;
    private readonly byte[] _buffer = new byte[256 * 1024];

    public PcapReader(Stream stream)
    {
        _stream = stream;
        var header = _buffer.AsSpan(0, FileHeaderLength);
        if (_stream.ReadAtLeast(header, header.Length, throwOnEndOfStream: false) < header.Length
            || BinaryPrimitives.ReadUInt32LittleEndian(header) != Magic
            || BinaryPrimitives.ReadUInt32LittleEndian(header[20..]) != EthernetLink)
            throw new LabException("A capture is not in the format that tcpdump writes for Ethernet on this machine.");
    }

    /// <returns>False at the end, and at an incomplete last frame.</returns>
    public bool TryRead(out CapturedFrame frame)
    {
        frame = default;
        var header = _buffer.AsSpan(0, FrameHeaderLength);
        if (_stream.ReadAtLeast(header, header.Length, throwOnEndOfStream: false) < header.Length)
            return false;
        var captured = BinaryPrimitives.ReadInt32LittleEndian(header[8..]);
        var length = BinaryPrimitives.ReadInt32LittleEndian(header[12..]);
        // seconds since 1970, and microseconds
        var time = DateTimeOffset.FromUnixTimeSeconds(BinaryPrimitives.ReadUInt32LittleEndian(header))
            .AddMicroseconds(BinaryPrimitives.ReadUInt32LittleEndian(header[4..]));
        var bytes = _buffer.AsSpan(0, captured);
        if (_stream.ReadAtLeast(bytes, captured, throwOnEndOfStream: false) < captured)
            return false;
        frame = new CapturedFrame(time, length, bytes);
        return true;
    }

    public void Dispose() => _stream.Dispose();
}
