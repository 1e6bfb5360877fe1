using System.Buffers.Binary;
using Sidestep.Daemon;
using Sidestep.Engine.Xdp;

namespace Sidestep.UnitTests.Daemon;

public sealed class PuntedFrameTests
{
    private readonly List<(int Interface, byte[] Frame)> _sent = [];
    private readonly List<string> _log = [];
    private readonly PuntedFrameHandler _handler;

    public PuntedFrameTests() =>
        _handler = new PuntedFrameHandler((index, frame) => _sent.Add((index, frame)), _log.Add, 0x1234);

    /// <summary>struct punted_frame: ifindex, length, mtu, l3_offset, 4 reserved bytes, then the frame.</summary>
    [Fact]
    public void Record_has_interface_length_MTU_and_offset()
    {
        byte[] record = [7, 0, 0, 0, 3, 0, 0, 0, 0xdc, 5, 14, 0, 9, 9, 9, 9, 1, 2, 3, 4, 5];
        var frame = PuntedFrameView.Read(record);
        Assert.Equal((7, 1500, 14), (frame.InterfaceIndex, frame.MtuBytes, frame.OuterOffset));
        Assert.Equal([1, 2, 3], frame.Frame.ToArray());
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(15, 0)]
    [InlineData(16, 0)]
    [InlineData(20, 5)]
    [InlineData(20, -1)]
    public void Record_that_is_shorter_than_it_says_is_an_error(int bytes, int length)
    {
        var record = new byte[bytes];
        if (bytes >= 8)
            BinaryPrimitives.WriteInt32LittleEndian(record.AsSpan(4), length);
        Assert.Throws<ArgumentException>(() => PuntedFrameView.Read(record).MtuBytes);
    }

    /// <summary>RFC 791 section 3.2: offsets count eight bytes, all fragments but the last have MF and share an
    /// identification.</summary>
    [Fact]
    public void Oversized_packet_is_sent_in_fragments_of_at_most_the_MTU()
    {
        _handler.Handle(Record(FrameBytes.Frame(FrameBytes.Ip("10.0.0.2", "10.1.0.11", 4, new byte[2000])), 14, 1500));
        _handler.Handle(Record(FrameBytes.Frame(FrameBytes.Ip("10.0.0.2", "10.1.0.11", 4, new byte[2000])), 14, 1500));
        Assert.Equal(4, _sent.Count);
        Assert.All(_sent, static s => Assert.Equal(7, s.Interface));
        Assert.Equal([1514, 554, 1514, 554], _sent.Select(static s => s.Frame.Length));
        Assert.Equal([0x2000, 185, 0x2000, 185], _sent.Select(static s => Word(s.Frame, 20)));
        Assert.Equal([0x1234, 0x1234, 0x1235, 0x1235], _sent.Select(static s => Word(s.Frame, 18)));
    }

    [Fact]
    public void Record_that_makes_no_sense_is_logged_once_and_skipped()
    {
        _handler.Handle(new byte[20]);
        _handler.Handle(new byte[20]);
        Assert.StartsWith("an oversized packet was not fragmented: a record of 20 bytes states a frame of 0 bytes",
            Assert.Single(_log), StringComparison.Ordinal);
        Assert.Empty(_sent);
        _handler.Handle(new byte[18]);
        Assert.Equal(2, _log.Count);
    }

    private static byte[] Record(byte[] frame, ushort offset, ushort mtu)
    {
        var record = new byte[16 + frame.Length];
        record[0] = 7;
        BinaryPrimitives.WriteInt32LittleEndian(record.AsSpan(4), frame.Length);
        BinaryPrimitives.WriteUInt16LittleEndian(record.AsSpan(8), mtu);
        BinaryPrimitives.WriteUInt16LittleEndian(record.AsSpan(10), offset);
        frame.CopyTo(record, 16);
        return record;
    }

    private static int Word(byte[] frame, int offset) => BinaryPrimitives.ReadUInt16BigEndian(frame.AsSpan(offset));
}
