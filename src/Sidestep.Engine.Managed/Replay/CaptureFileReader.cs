using System.Globalization;
using System.IO.Compression;
using Sidestep.Packets.Capture;

namespace Sidestep.Engine.Managed.Replay;

/// <summary>Frames of a capture file, out of a file or a pipe, compressed with gzip or not.</summary>
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

    /// <summary>Begins to read.</summary>
    /// <param name="stream">From its beginning; owned from now on.</param>
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
        _stream = new GZipStream(new PrefixedStream(_buffer.AsSpan(0, _end).ToArray(), stream), CompressionMode.Decompress);
        (_begin, _end, _isEnd) = (0, 0, false);
    }

    /// <summary>Frames so far.</summary>
    public long Frames { get; private set; }

    /// <summary>Why it could not be read to its end, with the place; null: nothing was wrong. What was read before is good.</summary>
    public string? Problem { get; private set; }

    /// <summary>Name of an interface of the file, where it says so.</summary>
    public string? InterfaceName(int number) => _decoder.InterfaceName(number);

    /// <summary>The next frame; its bytes are good until the next call.</summary>
    /// <returns>False: there is none any more, or <see cref="Problem"/> says why.</returns>
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

    /// <summary>Gets more behind what is left.</summary>
    /// <returns>False: there is no more.</returns>
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
            Problem = At(e is InvalidDataException ? $"what gzip packed is damaged from about here on: {e.Message}" : $"cannot be read on: {e.Message}");
            _isEnd = true;
        }
        return !_isEnd;
    }

    /// <summary>What was looked at already, and the rest behind it.</summary>
    private sealed class PrefixedStream(byte[] first, Stream rest) : Stream
    {
        private int _at;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

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
