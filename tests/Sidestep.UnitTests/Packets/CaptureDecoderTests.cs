using System.Buffers.Binary;
using Sidestep.Packets.Capture;

namespace Sidestep.UnitTests.Packets;

/// <summary>Capture files of both formats: whole, in pieces, truncated and damaged.</summary>
public sealed class CaptureDecoderTests
{
    private const int Frames = 9;

    public static TheoryData<string> Kinds => [.. Files.Keys];

    private static readonly Dictionary<string, (byte[] File, Func<int, long> Time, int More)> Files = new()
    {
        ["pcap"] = (CaptureFiles.Pcap(Frames), static i => (1000 + i) * 1_000_000_000L + i * 1000, 10),
        ["pcap, other byte order"] = (
        CaptureFiles.Pcap(Frames, swapped: true), static i => (1000 + i) * 1_000_000_000L + i * 1000, 10),
        ["pcap, nanoseconds"] =
        (CaptureFiles.Pcap(Frames, nano: true), static i => (1000 + i) * 1_000_000_000L + i, 10),
        ["pcap, nanoseconds, other byte order"] =
        (CaptureFiles.Pcap(Frames, swapped: true, nano: true), static i => (1000 + i) * 1_000_000_000L + i, 10),
        ["pcapng"] = (CaptureFiles.Pcapng(Frames), static i => (1000 + i) * 1000L, 10),
        ["pcapng, other byte order"] = (CaptureFiles.Pcapng(Frames, swapped: true), static i => (1000 + i) * 1000L, 10),
        ["pcapng, milliseconds"] =
        (CaptureFiles.Pcapng(Frames, resolution: 3), static i => (1000 + i) * 1_000_000L, 10),
        ["pcapng, 1/1024 s"] =
        (CaptureFiles.Pcapng(Frames, resolution: 0x8a), static i => (1000 + i) * 1_000_000_000L / 1024, 10),
        ["pcapng, simple packets"] = (CaptureFiles.Pcapng(Frames, packet: 3), static _ => 0, 0),
        ["pcapng, old packets"] =
        (CaptureFiles.Pcapng(Frames, packet: 2, swapped: true), static i => (1000 + i) * 1000L, 10),
        ["pcapng as the product writes it"] =
        (CaptureFiles.WrittenByProduct(Frames), static i => 1_000_000_000L * i + i, 10),
    };

    [Theory, MemberData(nameof(Kinds))]
    public void Every_frame_is_read_with_its_time_and_length(string kind)
    {
        var (file, time, more) = Files[kind];
        var (frames, problem, _) = Read(file, file.Length);
        Assert.Null(problem);
        Assert.Equal(Frames, frames.Count);
        for (var i = 1; i <= Frames; i++)
        {
            Assert.Equal(CaptureFiles.Frame(i), frames[i - 1].Bytes);
            Assert.Equal((time(i), CaptureFiles.Frame(i).Length + more), (frames[i - 1].Time, frames[i - 1].Length));
        }
    }

    [Theory, MemberData(nameof(Kinds))]
    public void Input_may_arrive_in_pieces_of_any_size(string kind)
    {
        var file = Files[kind].File;
        var whole = Read(file, file.Length).Frames;
        foreach (var piece in new[] { 1, 2, 3, 7, 61, 500 })
            Assert.Equal(whole.Select(static f => Convert.ToHexString(f.Bytes)),
                Read(file, piece).Frames.Select(static f => Convert.ToHexString(f.Bytes)));
    }

    [Theory, MemberData(nameof(Kinds))]
    public void Truncated_file_yields_its_whole_frames_and_the_offset_of_its_end(string kind)
    {
        var file = Files[kind].File;
        var ends = new HashSet<long>();
        for (var length = 0; length < file.Length; length++)
        {
            var (frames, problem, offset) = Read(file[..length], length);
            if (problem is null)
            {
                ends.Add(length); // between two pieces: a file may end there
                continue;
            }
            Assert.Contains("ends", problem, StringComparison.Ordinal);
            Assert.InRange(offset, 0, length);
            Assert.InRange(frames.Count, 0, Frames - 1);
        }
        Assert.InRange(ends.Count, Frames, Frames + 4);
    }

    [Theory]
    [InlineData(20, 101, "link type 101, not Ethernet (1)")]
    [InlineData(4, 7, "version 7")]
    public void Unsupported_header_is_rejected(int at, byte value, string says)
    {
        var file = CaptureFiles.Pcap(1);
        file[at] = value;
        var (frames, problem, offset) = Read(file, file.Length);
        Assert.Empty(frames);
        Assert.Equal(0, offset);
        Assert.Contains(says, problem, StringComparison.Ordinal);
    }

    [Fact]
    public void Overlong_record_is_rejected_with_its_offset_and_earlier_frames_are_valid()
    {
        var file = CaptureFiles.Pcap(3);
        var second = 24 + 16 + CaptureFiles.Frame(1).Length;
        BinaryPrimitives.WriteUInt32LittleEndian(file.AsSpan(second + 8), 0x7fffffff);
        var (frames, problem, offset) = Read(file, file.Length);
        Assert.Single(frames);
        Assert.Equal(second, offset);
        Assert.Contains("2147483647", problem, StringComparison.Ordinal);
    }

    [Fact]
    public void Frame_of_an_undescribed_interface_is_rejected()
    {
        var file = CaptureFiles.Pcapng(2);
        var at = file.AsSpan().IndexOf((byte[])[6, 0, 0, 0]);
        file[at + 8] = 3;
        Assert.Contains("interface 3, which is not described", Read(file, file.Length).Problem,
            StringComparison.Ordinal);
    }

    [Fact]
    public void File_that_is_not_a_capture_is_rejected()
    {
        Assert.Equal("this is not a capture file: 68656c6c at its start is no magic number of pcap or pcapng",
            Read("hello, world"u8.ToArray(), 12).Problem);
        Assert.Contains("ends after 0 bytes", Read([], 1).Problem, StringComparison.Ordinal);
    }

    /// <summary>Files with wrong bytes and lengths, and with missing and doubled pieces. The decoder must not throw,
    /// hang, or return bytes that are not in the file.</summary>
    [Fact]
    public void Damaged_file_is_read_as_far_as_possible()
    {
        var random = new Random(7);
        var files = Files.Values.Select(static f => f.File).ToArray();
        var broken = 0;
        for (var i = 0; i < 20_000; i++)
        {
            var file = Damaged(random, files[random.Next(files.Length)]);
            var (frames, problem, offset) = Read(file, random.Next(1, file.Length + 2));
            Assert.InRange(offset, 0, file.Length);
            Assert.All(frames, f => Assert.InRange(f.Bytes.Length, 0, file.Length));
            Assert.InRange(frames.Sum(static f => f.Bytes.Length), 0, file.Length);
            broken += problem is null ? 0 : 1;
        }
        Assert.InRange(broken, 1000, 20_000);
    }

    private static byte[] Damaged(Random random, byte[] from)
    {
        var file = from.AsSpan().ToArray();
        for (var changes = random.Next(1, 5); changes > 0 && file.Length > 8; changes--)
        {
            var at = random.Next(file.Length);
            switch (random.Next(6))
            {
                case 0:
                    file[at] = (byte)random.Next(256);
                    break;
                case 1: // a length, a type or a magic number
                    BinaryPrimitives.WriteUInt32LittleEndian(
                        file.AsSpan(Math.Min(at & ~3, file.Length - 4)),
                        new uint[] { 0, 1, 3, 4, 8, 12, 13, 28, 32, 0x7fffffff, 0x80000000, uint.MaxValue, 6, 2,
                        0x0a0d0d0a, (uint)file.Length }[random.Next(16)]);
                    break;
                case 2:
                    file = file[..at];
                    break;
                case 3: // a piece is missing
                    file = [.. file[..at], .. file[Math.Min(at + 4 * random.Next(1, 9), file.Length)..]];
                    break;
                case 4: // or there twice
                    file = [.. file[..at], .. file[Math.Max(at - 4 * random.Next(1, 9), 0)..]];
                    break;
                default:
                    file[Math.Min(at & ~3, file.Length - 1)] ^= (byte)(1 << random.Next(8));
                    break;
            }
        }
        return file;
    }

    private static (
        List<(byte[] Bytes, int Length, long Time)> Frames, string? Problem, long Offset) Read(byte[] file, int piece)
    {
        var decoder = new CaptureDecoder();
        var frames = new List<(byte[], int, long)>();
        int begin = 0, end = 0;
        // Each round makes progress or gets more bytes: the limit is far beyond the number of rounds that are possible.
        for (var rounds = 0; rounds < 4 * file.Length + 100; rounds++)
        {
            var status =
                decoder.Read(file.AsSpan(begin, end - begin), end == file.Length, out var consumed, out var frame);
            Assert.InRange(consumed, 0, end - begin);
            begin += consumed;
            switch (status)
            {
                case CaptureStatus.Frame:
                    frames.Add((frame.Bytes.ToArray(), frame.Length, frame.Time));
                    break;
                case CaptureStatus.NeedsMore:
                    Assert.NotEqual(file.Length, end);
                    end = Math.Min(end + piece, file.Length);
                    break;
                case CaptureStatus.End:
                    return (frames, null, decoder.Offset);
                default:
                    return (frames, decoder.Problem, decoder.Offset);
            }
        }
        throw new InvalidOperationException("the decoder does not get on");
    }
}
