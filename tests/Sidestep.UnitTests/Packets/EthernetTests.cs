using FsCheck.Fluent;
using Sidestep.Packets;

namespace Sidestep.UnitTests.Packets;

public sealed class EthernetTests
{
    private static readonly byte[] Valid = Convert.FromHexString("02005e100001" + "02005e100002" + "0800" + "4500");

    [Fact]
    public void Reads_every_field()
    {
        Assert.True(EthernetPacket.TryParse(Valid, out var packet));
        Assert.Equal("02:00:5e:10:00:01", packet.Destination.ToString());
        Assert.Equal("02:00:5e:10:00:02", packet.Source.ToString());
        Assert.Equal(EtherType.Ipv4, packet.Type);
        Assert.Equal([0x45, 0x00], packet.Payload.ToArray());
    }

    [Fact]
    public void Writes_every_byte()
    {
        var bytes = DirtyBuffer.Create(16);
        new EthernetHeader(new(0x02005e100001), new(0x02005e100002), EtherType.Ipv4).Write(bytes);
        Assert.Equal([.. Valid[..14], DirtyBuffer.Fill, DirtyBuffer.Fill], bytes);
    }

    [Fact]
    public void Written_header_is_read_back() => Gens.Check(
        Gens.Mac.Zip(Gens.Mac).Zip(Gens.UInt16)
        .Select(static x => new EthernetHeader(x.Item1.Item1, x.Item1.Item2, (EtherType)x.Item2)),
        static header =>
        {
            var bytes = DirtyBuffer.Create(14);
            header.Write(bytes);
            return EthernetPacket.TryParse(bytes, out var p) && p.Payload.IsEmpty
                && new EthernetHeader(p.Destination, p.Source, p.Type) == header;
        });

    [Fact]
    public void Frame_shorter_than_the_header_is_rejected() =>
        Assert.False(EthernetPacket.TryParse(Valid.AsSpan(0, 13), out _));

    [Fact]
    public void Buffer_shorter_than_the_header_stays_untouched()
    {
        var bytes = DirtyBuffer.Create(13);
        Assert.Throws<ArgumentOutOfRangeException>(() => default(EthernetHeader).Write(bytes));
        Assert.Equal(DirtyBuffer.Create(13), bytes);
    }

    [Fact]
    public void Never_throws() => Gens.Check(Gens.Damaged(Valid), static bytes =>
    {
        if (EthernetPacket.TryParse(bytes, out var p))
            _ = (p.Destination, p.Source, p.Type, p.Payload.Length);
        return true;
    });
}
