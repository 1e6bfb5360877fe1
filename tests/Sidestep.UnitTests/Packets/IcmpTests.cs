using FsCheck.Fluent;
using Sidestep.Packets;
using Sidestep.Testing;

namespace Sidestep.UnitTests.Packets;

public sealed class IcmpTests
{
    private static readonly byte[] Valid = Convert.FromHexString("0800abcd" + "12340007" + "616263");

    [Fact]
    public void Reads_every_field()
    {
        Assert.True(IcmpPacket.TryParse(Valid, out var packet));
        Assert.Equal(IcmpType.EchoRequest, packet.Type);
        Assert.Equal(0, packet.Code);
        Assert.Equal(0xabcd, packet.Checksum);
        Assert.Equal(0x1234, packet.Identifier);
        Assert.Equal(7, packet.Sequence);
        Assert.Equal("abc"u8.ToArray(), packet.Payload.ToArray());
        Assert.False(packet.HasValidChecksum);
    }

    [Theory]
    [InlineData(false, "0800")]
    [InlineData(true, "0000")]
    public void Writes_every_byte(bool isReply, string typeAndCode)
    {
        var bytes = Dirty.Buffer(8, [.. "abc"u8]);
        new IcmpEchoHeader(isReply, 0x1234, 7).Write(bytes);
        var expected = Convert.FromHexString(typeAndCode + "0000" + "12340007" + "616263");
        var checksum = NaiveChecksum.Of(expected);
        (expected[2], expected[3]) = ((byte)(checksum >> 8), (byte)checksum);
        Assert.Equal(expected, bytes);
    }

    [Fact]
    public void What_is_written_is_read_back() => Gens.Check(
        ArbMap.Default.GeneratorFor<bool>().Zip(Gens.UInt16.Zip(Gens.UInt16)).Zip(Gens.Bytes(0, 100)),
        static x =>
        {
            var ((isReply, (identifier, sequence)), payload) = x;
            var header = new IcmpEchoHeader(isReply, identifier, sequence);
            var bytes = Dirty.Buffer(8, payload);
            header.Write(bytes);
            return IcmpPacket.TryParse(bytes, out var p) && p.Code == 0 && p.Payload.SequenceEqual(payload)
                && p.HasValidChecksum && NaiveChecksum.Of(bytes) == 0
                && new IcmpEchoHeader(p.Type == IcmpType.EchoReply, p.Identifier, p.Sequence) == header;
        });

    [Fact]
    public void A_header_that_is_cut_off_is_refused() => Assert.False(IcmpPacket.TryParse(Valid.AsSpan(0, 7), out _));

    [Theory]
    [InlineData(7)]
    [InlineData(65516)]
    public void A_target_of_impossible_length_stays_untouched(int length)
    {
        var bytes = Dirty.Buffer(length);
        Assert.Throws<ArgumentOutOfRangeException>(() => new IcmpEchoHeader(true, 1, 2).Write(bytes));
        Assert.Equal(Dirty.Buffer(length), bytes);
    }

    [Fact]
    public void Never_throws() => Gens.Check(Gens.Damaged(Valid), static bytes =>
    {
        if (IcmpPacket.TryParse(bytes, out var p))
            _ = (p.Type, p.Code, p.Checksum, p.HasValidChecksum, p.Identifier, p.Sequence, p.Payload.Length);
        return true;
    });
}
