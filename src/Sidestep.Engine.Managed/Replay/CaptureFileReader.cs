using System.Globalization;
using System.IO.Compression;
using Sidestep.Packets.Capture;

namespace Sidestep.Engine.Managed.Replay;

/// <summary>Reads the frames of a capture file from a file or a pipe, compressed with gzip or not. Not
/// thread-safe.</summary>
public sealed class CaptureFileReader : IDisposable
{
    private const int FirstBuffer = 1 << 20;
    private static readonly byte[] GzipMagic = [0x1f, 0x8b];

    private readonly CaptureDecoder _decoder = new();
    private readonly Stream _stream;
    private byte[] _buffer = new byte[FirstBuffer];
    private int _begin, _end;
    private bool _isEnd;
    private readonly bool _isGzip;

    /// <summary>Reads the beginning of a stream to find out whether it is compressed.</summary>
    /// <param name="stream">The stream at its start; the reader owns it from now on.</param>
    public CaptureFileReader(Stream stream)
    {
        ArgumentNullException.ThrowIfNull(stream);
        _stream = stream;
        while (_end < GzipMagic.Length && Fill())
        {
        }
        if (!_buffer.AsSpan(0, _end).StartsWith(GzipMagic))
            return;
        _isGzip = true;
        _stream = new GZipStream(new PrefixedStream(_buffer.AsSpan(0, _end).ToArray(), stream),
            CompressionMode.Decompress);
        (_begin, _end, _isEnd) = (0, 0, false);
    }

    /// <summary>Number of frames that were read so far.</summary>
    public long Frames { get; private set; }

    /// <summary>Why the file could not be read to its end, with the offset; null when there was no problem. Frames that
    /// were read before are valid.</summary>
    public string? Problem { get; private set; }

    /// <summary>Name of an interface of the file; null when the file does not name it.</summary>
    /// <param name="number">Number of the interface in the file, from 0.</param>
    public string? InterfaceName(int number) => _decoder.InterfaceName(number);

    /// <summary>Reads the next frame; its bytes are valid until the next call.</summary>
    /// <returns>False at the end of the file, or when it cannot be read any further: see
    /// <see cref="Problem"/>.</returns>
    public bool TryRead(out CaptureRecord record)
    {
        while (true)
        {
            var status = _decoder.Read(_buffer.AsSpan(_begin, _end - _begin), _isEnd, out var consumed, out record);
            _begin += consumed;
            switch (status)
            {
                case CaptureStatus.Frame:
                    Frames++;
                    return true;
                case CaptureStatus.NeedsMore when Problem is null:
                    Fill();
                    break;
                case CaptureStatus.Broken:
                    Problem ??= At(_decoder.Problem!);
                    return false;
                default:
                    return false;
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _stream.Dispose();

    private string At(string problem) => string.Create(CultureInfo.InvariantCulture,
        $"byte {_decoder.Offset}{(_isGzip ? " (uncompressed)" : "")}: {problem}");

    /// <summary>Appends more bytes of the stream to the unread ones.</summary>
    /// <returns>False at the end of the stream, or when it cannot be read.</returns>
    private bool Fill()
    {
        if (_begin > 0)
        {
            _buffer.AsSpan(_begin, _end - _begin).CopyTo(_buffer);
            (_begin, _end) = (0, _end - _begin);
        }
        if (_end == _buffer.Length)
            Array.Resize(ref _buffer, 2 * _buffer.Length); // up to the longest block, which the decoder bounds
        try
        {
            var read = _stream.Read(_buffer, _end, _buffer.Length - _end);
            _end += read;
            _isEnd = read == 0;
        }
        catch (Exception e) when (e is InvalidDataException or IOException)
        {
            Problem = At(e is InvalidDataException
                ? $"the gzip data are damaged from about here on: {e.Message}" : $"reading failed: {e.Message}");
            _isEnd = true;
        }
        return !_isEnd;
    }

    /// <summary>A stream of bytes that were already read, followed by the rest of a stream.</summary>
    private sealed class PrefixedStream(byte[] first, Stream rest) : Stream
    {
        private int _at;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

        public override int Read(Span<byte> buffer)
        {
            if (_at == first.Length)
                return rest.Read(buffer);
            var read = Math.Min(buffer.Length, first.Length - _at);
            first.AsSpan(_at, read).CopyTo(buffer);
            _at += read;
            return read;
        }

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        protected override void Dispose(bool disposing)
        {
            if (disposing)
                rest.Dispose();
            base.Dispose(disposing);
        }
    }
}
