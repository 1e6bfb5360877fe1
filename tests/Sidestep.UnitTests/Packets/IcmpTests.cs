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
        var bytes = DirtyBuffer.Create(8, [.. "abc"u8]);
        new IcmpEchoHeader(isReply, 0x1234, 7).Write(bytes);
        var expected = Convert.FromHexString(typeAndCode + "0000" + "12340007" + "616263");
        var checksum = NaiveChecksum.Of(expected);
        (expected[2], expected[3]) = ((byte)(checksum >> 8), (byte)checksum);
        Assert.Equal(expected, bytes);
    }

    [Fact]
    public void Written_message_is_read_back() => Gens.Check(
        ArbMap.Default.GeneratorFor<bool>().Zip(Gens.UInt16.Zip(Gens.UInt16)).Zip(Gens.Bytes(0, 100)),
        static x =>
        {
            var ((isReply, (identifier, sequence)), payload) = x;
            var header = new IcmpEchoHeader(isReply, identifier, sequence);
            var bytes = DirtyBuffer.Create(8, payload);
            header.Write(bytes);
            return IcmpPacket.TryParse(bytes, out var p) && p.Code == 0 && p.Payload.SequenceEqual(payload)
                && p.HasValidChecksum && NaiveChecksum.Of(bytes) == 0
                && new IcmpEchoHeader(p.Type == IcmpType.EchoReply, p.Identifier, p.Sequence) == header;
        });

    [Fact]
    public void Truncated_header_is_rejected() => Assert.False(IcmpPacket.TryParse(Valid.AsSpan(0, 7), out _));

    [Theory]
    [InlineData(7)]
    [InlineData(65516)]
    public void Buffer_of_impossible_length_stays_untouched(int length)
    {
        var bytes = DirtyBuffer.Create(length);
        Assert.Throws<ArgumentOutOfRangeException>(() => new IcmpEchoHeader(true, 1, 2).Write(bytes));
        Assert.Equal(DirtyBuffer.Create(length), bytes);
    }

    [Fact]
    public void Never_throws() => Gens.Check(Gens.Damaged(Valid), static bytes =>
    {
        if (IcmpPacket.TryParse(bytes, out var p))
            _ = (p.Type, p.Code, p.Checksum, p.HasValidChecksum, p.Identifier, p.Sequence, p.Payload.Length);
        return true;
    });
}
