using FsCheck.Fluent;
using Sidestep.Packets;

namespace Sidestep.UnitTests.Packets;

public sealed class ArpTests
{
    private static readonly byte[] Valid = Convert.FromHexString(
        "0001" + "0800" + "06" + "04" + "0001" + "02005e100002" + "c0000201" + "000000000000" + "c0000202");

    [Fact]
    public void Reads_every_field()
    {
        byte[] padded = [.. Convert.FromHexString(
            "0001" + "0800" + "06" + "04" + "0002" + "02005e100002" + "c0000201" + "02005e100003" + "c0000202"),
            .. new byte[18]];
        Assert.True(ArpPacket.TryParse(padded, out var packet));
        Assert.Equal(ArpOperation.Reply, packet.Operation);
        Assert.Equal("02:00:5e:10:00:02", packet.SenderMac.ToString());
        Assert.Equal("192.0.2.1", packet.SenderAddress.ToString());
        Assert.Equal("02:00:5e:10:00:03", packet.TargetMac.ToString());
        Assert.Equal("192.0.2.2", packet.TargetAddress.ToString());
    }

    [Fact]
    public void Writes_every_byte_of_a_request()
    {
        var bytes = DirtyBuffer.Create(30);
        ArpHeader.Request(new(0x02005e100002), new(0xc0000201), new(0xc0000202)).Write(bytes);
        Assert.Equal([.. Valid, DirtyBuffer.Fill, DirtyBuffer.Fill], bytes);
    }

    [Fact]
    public void Written_packet_is_read_back() => Gens.Check(
        from operation in Gen.Elements(ArpOperation.Request, ArpOperation.Reply)
        from senderMac in Gens.Mac
        from sender in Gens.Address
        from targetMac in Gens.Mac
        from target in Gens.Address
        select new ArpHeader(operation, senderMac, sender, targetMac, target),
        static header =>
        {
            var bytes = DirtyBuffer.Create(28);
            header.Write(bytes);
            return ArpPacket.TryParse(bytes, out var p)
                && new ArpHeader(p.Operation, p.SenderMac, p.SenderAddress, p.TargetMac, p.TargetAddress) == header;
        });

    [Fact]
    public void Truncated_packet_is_rejected() => Assert.False(ArpPacket.TryParse(Valid.AsSpan(0, 27), out _));

    [Theory]
    [InlineData(1, 6)] // hardware type IEEE 802
    [InlineData(0, 1)] // hardware type 0x0101
    [InlineData(2, 0x86)] // protocol type
    [InlineData(3, 1)]
    [InlineData(4, 8)] // hardware length
    [InlineData(5, 16)] // protocol length
    public void Packet_about_anything_but_IPv4_over_Ethernet_is_rejected(int offset, byte value)
    {
        var bytes = Valid.ToArray();
        bytes[offset] = value;
        Assert.False(ArpPacket.TryParse(bytes, out _));
    }

    [Fact]
    public void Buffer_shorter_than_the_packet_stays_untouched()
    {
        var bytes = DirtyBuffer.Create(27);
        Assert.Throws<ArgumentOutOfRangeException>(() => default(ArpHeader).Write(bytes));
        Assert.Equal(DirtyBuffer.Create(27), bytes);
    }

    [Fact]
    public void Never_throws() => Gens.Check(Gens.Damaged(Valid), static bytes =>
    {
        if (ArpPacket.TryParse(bytes, out var p))
            _ = (p.Operation, p.SenderMac, p.SenderAddress, p.TargetMac, p.TargetAddress);
        return true;
    });
}
