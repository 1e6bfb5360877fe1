using System.Buffers.Binary;
using System.IO.Compression;
using Sidestep.Engine.Managed.Replay;
using Sidestep.UnitTests.Packets;

namespace Sidestep.UnitTests.EngineManaged;

/// <summary>Capture files from streams of any kind: short reads, gzip, read errors, truncation and damage.</summary>
public sealed class CaptureFileReaderTests
{
    private const int Frames = 20;

    [Theory]
    [InlineData(false, 1)]
    [InlineData(false, 7)]
    [InlineData(false, int.MaxValue)]
    [InlineData(true, 1)]
    [InlineData(true, 7)]
    [InlineData(true, int.MaxValue)]
    public void Every_frame_is_read_however_short_the_reads_are(bool isCompressed, int most)
    {
        var file = CaptureFiles.Pcapng(Frames);
        using var reader = new CaptureFileReader(new ShortReads(isCompressed ? Gzip(file) : file, most));
        Assert.Equal(Enumerable.Range(1, Frames).Select(CaptureFiles.Frame), ReadAll(reader));
        Assert.Null(reader.Problem);
        Assert.Equal(Frames, reader.Frames);
        Assert.Equal("eth7", reader.InterfaceName(0));
        Assert.Null(reader.InterfaceName(1));
    }

    [Fact]
    public void Time_and_length_on_the_wire_are_reported()
    {
        using var reader = new CaptureFileReader(new MemoryStream(CaptureFiles.Pcap(1)));
        Assert.True(reader.TryRead(out var record));
        // The first record has the time 1001.000001 s, and was 10 bytes longer on the wire.
        Assert.Equal((1_001_000_001_000, CaptureFiles.Frame(1).Length + 10, 0),
            (record.Time, record.Length, record.Interface));
    }

    [Fact]
    public void Frame_longer_than_the_first_buffer_is_read()
    {
        // A block of 3 MiB between two frames: the buffer starts with 1 MiB.
        byte[] large = new byte[3 << 20];
        BinaryPrimitives.WriteUInt32LittleEndian(large, 0x0bad);
        BinaryPrimitives.WriteUInt32LittleEndian(large.AsSpan(4), (uint)large.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(large.AsSpan(large.Length - 4), (uint)large.Length);
        var file = CaptureFiles.Pcapng(2);
        // In front of the last enhanced packet block: 32 bytes around 62 bytes of frame and 2 of padding.
        var at = file.Length - (32 + 64);
        using var reader = new CaptureFileReader(new MemoryStream([.. file[..at], .. large, .. file[at..]]));
        Assert.Equal([CaptureFiles.Frame(1), CaptureFiles.Frame(2)], ReadAll(reader));
        Assert.Null(reader.Problem);
    }

    [Theory]
    [InlineData("", "byte 0: the file ends after 0 bytes, before its format is known")]
    [InlineData("1f", "byte 0: the file ends after 1 bytes, before its format is known")]
    [InlineData("d4c3b2a1", "byte 0: the file is truncated: it ends 4 bytes into a record of 24")]
    [InlineData(
        "00112233", "byte 0: this is not a capture file: 00112233 at its start is no magic number of pcap or pcapng")]
    public void File_without_a_header_has_a_problem_and_no_frames(string bytes, string problem)
    {
        using var reader = new CaptureFileReader(new MemoryStream(Convert.FromHexString(bytes)));
        Assert.Empty(ReadAll(reader));
        Assert.Equal(problem, reader.Problem);
    }

    [Fact]
    public void Problem_names_the_offset_of_the_damaged_record()
    {
        var file = CaptureFiles.Pcap(Frames);
        using var reader = new CaptureFileReader(new MemoryStream(file[..^5]));
        Assert.Equal(Frames - 1, ReadAll(reader).Count);
        var last = file.Length - 16 - CaptureFiles.Frame(Frames).Length;
        Assert.Equal($"byte {last}: the file is truncated: it ends {file.Length - 5 - last} bytes into a record of"
            + $" {file.Length - last}", reader.Problem);
    }

    [Fact]
    public void Offset_in_a_compressed_file_is_that_of_the_uncompressed_data()
    {
        using var reader = new CaptureFileReader(new MemoryStream(Gzip(CaptureFiles.Pcap(1)[..30])));
        Assert.Empty(ReadAll(reader));
        Assert.Equal("byte 24 (uncompressed): the file is truncated: it ends 6 bytes into a record of at least 16",
            reader.Problem);
    }

    [Fact]
    public void Damaged_gzip_data_are_reported_and_earlier_frames_are_valid()
    {
        // Random bytes do not compress, so that the damage is far behind the first frames.
        var random = new Random(3);
        var frames = Enumerable.Range(0, 400).Select(_ =>
        {
            var frame = new byte[1000];
            random.NextBytes(frame);
            return frame;
        }).ToArray();
        var packed = Gzip(CaptureFiles.Pcap(1, frames));
        packed.AsSpan(packed.Length / 2, 64).Fill(0xff);
        using var reader = new CaptureFileReader(new MemoryStream(packed));
        var read = ReadAll(reader);
        Assert.InRange(read.Count, 1, 399);
        Assert.Equal(frames[..100], read[..100]);
        Assert.Matches("^byte [0-9]+ \\(uncompressed\\): ", reader.Problem);
        Assert.False(reader.TryRead(out _));
    }

    [Fact]
    public void Read_error_ends_the_file_with_its_message()
    {
        var file = CaptureFiles.Pcap(3);
        using var reader = new CaptureFileReader(new ShortReads(file, 100) { FailsAt = 200 });
        Assert.Equal(2, ReadAll(reader).Count);
        Assert.EndsWith(": reading failed: the disk is gone", reader.Problem, StringComparison.Ordinal);
        Assert.False(reader.TryRead(out _));
        Assert.Equal(2, reader.Frames);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Stream_is_disposed_with_the_reader(bool isCompressed)
    {
        var stream = new ShortReads(isCompressed ? Gzip(CaptureFiles.Pcap(1)) : CaptureFiles.Pcap(1), 50);
        new CaptureFileReader(stream).Dispose();
        Assert.True(stream.IsDisposed);
    }

    private static List<byte[]> ReadAll(CaptureFileReader reader)
    {
        var frames = new List<byte[]>();
        while (reader.TryRead(out var record))
            frames.Add(record.Bytes.ToArray());
        return frames;
    }

    private static byte[] Gzip(byte[] bytes)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true))
            gzip.Write(bytes);
        return packed.ToArray();
    }

    /// <summary>A pipe: it cannot seek, returns fewer bytes than requested, and may fail.</summary>
    private sealed class ShortReads(byte[] bytes, int most) : Stream
    {
        private int _at;

        public int FailsAt { get; init; } = int.MaxValue;

        public bool IsDisposed { get; private set; }

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override int Read(byte[] buffer, int offset, int count)
        {
            if (_at >= FailsAt)
                throw new IOException("the disk is gone");
            var read = Math.Min(Math.Min(count, most), Math.Min(bytes.Length, FailsAt) - _at);
            Array.Copy(bytes, _at, buffer, offset, read);
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
            IsDisposed = true;
            base.Dispose(disposing);
        }
    }
}
