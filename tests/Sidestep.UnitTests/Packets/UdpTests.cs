using FsCheck.Fluent;
using Sidestep.Packets;
using Sidestep.Testing;

namespace Sidestep.UnitTests.Packets;

public sealed class UdpTests
{
    private static readonly Ipv4Address Source = new(0xc0000201), Destination = new(0xc0000202);
    private static readonly byte[] Valid = Convert.FromHexString("c0000035" + "000b0000" + "616263");

    [Fact]
    public void Reads_every_field()
    {
        Assert.True(UdpPacket.TryParse([.. Valid, 9], out var packet));
        Assert.Equal(0xc000, packet.SourcePort);
        Assert.Equal(53, packet.DestinationPort);
        Assert.Equal(11, packet.Length);
        Assert.Equal(0, packet.Checksum);
        Assert.Equal("abc"u8.ToArray(), packet.Payload.ToArray());
        Assert.True(packet.HasValidChecksum(Source, Destination)); // there is none
    }

    [Fact]
    public void Writes_every_byte()
    {
        var bytes = DirtyBuffer.Create(8, [.. "abc"u8]);
        new UdpHeader(0xc000, 53).Write(bytes, Source, Destination);
        var checksum = NaiveChecksum.Of(PseudoHeader.Of(Source, Destination, 17, 11), Valid);
        Assert.Equal([.. Valid[..6], (byte)(checksum >> 8), (byte)checksum, .. "abc"u8], bytes);
    }

    [Fact] // RFC 768: zero on the wire means "no checksum", so the sum that gives zero is sent as all ones
    public void Checksum_of_zero_is_sent_as_all_ones()
    {
        var open = DirtyBuffer.Create(8, [0, 0]);
        new UdpHeader(1, 2).Write(open, Source, Destination);
        var bytes = DirtyBuffer.Create(8, [open[6], open[7]]); // a payload that brings the sum to all ones
        new UdpHeader(1, 2).Write(bytes, Source, Destination);

        Assert.Equal([0xff, 0xff], bytes[6..8]);
        Assert.True(UdpPacket.TryParse(bytes, out var packet));
        Assert.True(packet.HasValidChecksum(Source, Destination));
    }

    [Fact]
    public void Written_datagram_is_read_back() => Gens.Check(
        Gens.UInt16.Zip(Gens.UInt16).Zip(Gens.Address.Zip(Gens.Address)).Zip(Gens.Bytes(0, 100)),
        static x =>
        {
            var (((sourcePort, destinationPort), (source, destination)), payload) = x;
            var bytes = DirtyBuffer.Create(8, payload);
            new UdpHeader(sourcePort, destinationPort).Write(bytes, source, destination);
            return UdpPacket.TryParse(bytes, out var p)
                && new UdpHeader(p.SourcePort, p.DestinationPort) == new UdpHeader(sourcePort, destinationPort)
                && p.Payload.SequenceEqual(payload) && p.Checksum != 0 && p.HasValidChecksum(source, destination)
                && NaiveChecksum.Of(PseudoHeader.Of(source, destination, 17, bytes.Length), bytes) == 0;
        });

    [Fact]
    public void Changed_byte_fails_the_checksum()
    {
        var bytes = DirtyBuffer.Create(8, [.. "abc"u8]);
        new UdpHeader(1, 2).Write(bytes, Source, Destination);
        bytes[9] ^= 1;
        Assert.True(UdpPacket.TryParse(bytes, out var packet));
        Assert.False(packet.HasValidChecksum(Source, Destination));
    }

    [Fact]
    public void Truncated_header_is_rejected() => Assert.False(UdpPacket.TryParse(Valid.AsSpan(0, 7), out _));

    [Theory]
    [InlineData(0)]
    [InlineData(7)] // shorter than the header
    [InlineData(12)] // longer than the datagram
    public void Invalid_length_is_rejected(byte length)
    {
        var bytes = Valid.ToArray();
        bytes[5] = length;
        Assert.False(UdpPacket.TryParse(bytes, out _));
    }

    [Theory]
    [InlineData(7)]
    [InlineData(65516)]
    public void Buffer_of_impossible_length_stays_untouched(int length)
    {
        var bytes = DirtyBuffer.Create(length);
        Assert.Throws<ArgumentOutOfRangeException>(() => new UdpHeader(1, 2).Write(bytes, Source, Destination));
        Assert.Equal(DirtyBuffer.Create(length), bytes);
    }

    [Fact]
    public void Never_throws() => Gens.Check(Gens.Damaged(Valid), static bytes =>
    {
        if (UdpPacket.TryParse(bytes, out var p))
            _ = (p.SourcePort, p.DestinationPort, p.Length, p.Checksum, p.Payload.Length,
                p.HasValidChecksum(Source, Destination));
        return true;
    });
}
