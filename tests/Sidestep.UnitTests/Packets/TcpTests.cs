using FsCheck.Fluent;
using Sidestep.Packets;
using Sidestep.Testing;

namespace Sidestep.UnitTests.Packets;

public sealed class TcpTests
{
    private static readonly Ipv4Address Source = new(0xc0000201), Destination = new(0xc0000202);

    // SYN and ACK, an MSS option, two bytes of payload
    private static readonly byte[] Valid = Convert.FromHexString(
        "c0000050" + "01020304" + "05060708" + "60121000" + "abcd0009" + "020405b4" + "6869");

    [Fact]
    public void Reads_every_field()
    {
        Assert.True(TcpPacket.TryParse(Valid, out var packet));
        Assert.Equal(0xc000, packet.SourcePort);
        Assert.Equal(80, packet.DestinationPort);
        Assert.Equal(0x01020304u, packet.Sequence);
        Assert.Equal(0x05060708u, packet.Acknowledgement);
        Assert.Equal(24, packet.HeaderLength);
        Assert.Equal(TcpControlBits.Syn | TcpControlBits.Ack, packet.ControlBits);
        Assert.Equal(4096, packet.Window);
        Assert.Equal(0xabcd, packet.Checksum);
        Assert.Equal(9, packet.UrgentPointer);
        Assert.Equal([2, 4, 5, 0xb4], packet.Options.ToArray());
        Assert.Equal("hi"u8.ToArray(), packet.Payload.ToArray());
        Assert.False(packet.HasValidChecksum(Source, Destination));
    }

    [Fact]
    public void Writes_every_byte()
    {
        var bytes = DirtyBuffer.Create(20, [.. "hi"u8]);
        new TcpHeader
        {
            SourcePort = 0xc000,
            DestinationPort = 80,
            Sequence = 0x01020304,
            Acknowledgement = 0x05060708,
            ControlBits = TcpControlBits.Psh | TcpControlBits.Ack,
            Window = 4096,
        }.Write(bytes, Source, Destination);
        var expected = Convert.FromHexString("c0000050" + "01020304" + "05060708" + "50181000" + "00000000" + "6869");
        var checksum = NaiveChecksum.Of(PseudoHeader.Of(Source, Destination, 6, 22), expected);
        (expected[16], expected[17]) = ((byte)(checksum >> 8), (byte)checksum);
        Assert.Equal(expected, bytes);
    }

    [Fact]
    public void Written_header_is_read_back() => Gens.Check(
        from ports in Gens.UInt16.Zip(Gens.UInt16)
        from sequenceNumbers in Gens.UInt32.Zip(Gens.UInt32)
        from bits in Gens.Byte
        from receiveWindow in Gens.UInt16
        from addresses in Gens.Address.Zip(Gens.Address)
        from payload in Gens.Bytes(0, 100)
        select (Header: new TcpHeader
        {
            SourcePort = ports.Item1,
            DestinationPort = ports.Item2,
            Sequence = sequenceNumbers.Item1,
            Acknowledgement = sequenceNumbers.Item2,
            ControlBits = (TcpControlBits)bits,
            Window = receiveWindow,
        }, Source: addresses.Item1, Destination: addresses.Item2, Payload: payload),
        static x =>
        {
            var bytes = DirtyBuffer.Create(20, x.Payload);
            x.Header.Write(bytes, x.Source, x.Destination);
            return TcpPacket.TryParse(bytes, out var p)
                && p.Options.IsEmpty && p.UrgentPointer == 0 && p.Payload.SequenceEqual(x.Payload)
                && p.HasValidChecksum(x.Source, x.Destination)
                && NaiveChecksum.Of(PseudoHeader.Of(x.Source, x.Destination, 6, bytes.Length), bytes) == 0
                && new TcpHeader
                {
                    SourcePort = p.SourcePort,
                    DestinationPort = p.DestinationPort,
                    Sequence = p.Sequence,
                    Acknowledgement = p.Acknowledgement,
                    ControlBits = p.ControlBits,
                    Window = p.Window,
                } == x.Header;
        });

    [Fact]
    public void Truncated_header_is_rejected() => Assert.False(TcpPacket.TryParse(Valid.AsSpan(0, 19), out _));

    [Theory]
    [InlineData(0x40)] // 16 bytes: shorter than the header
    [InlineData(0x00)]
    [InlineData(0x70)] // 28 bytes: longer than the segment
    [InlineData(0xf0)]
    public void Invalid_data_offset_is_rejected(byte dataOffset)
    {
        var bytes = Valid.ToArray();
        bytes[12] = dataOffset;
        Assert.False(TcpPacket.TryParse(bytes, out _));
    }

    [Theory]
    [InlineData(19)]
    [InlineData(65516)]
    public void Buffer_of_impossible_length_stays_untouched(int length)
    {
        var bytes = DirtyBuffer.Create(length);
        var header = new TcpHeader { SourcePort = 1, DestinationPort = 2, ControlBits = TcpControlBits.Syn };
        Assert.Throws<ArgumentOutOfRangeException>(() => header.Write(bytes, Source, Destination));
        Assert.Equal(DirtyBuffer.Create(length), bytes);
    }

    [Fact]
    public void Never_throws() => Gens.Check(Gens.Damaged(Valid), static bytes =>
    {
        if (TcpPacket.TryParse(bytes, out var p))
        {
            _ = (p.SourcePort, p.DestinationPort, p.Sequence, p.Acknowledgement, p.HeaderLength, p.ControlBits,
                p.Window);
            _ = (p.Checksum, p.UrgentPointer, p.Options.Length, p.Payload.Length,
                p.HasValidChecksum(Source, Destination));
        }
        return true;
    });
}
