using FsCheck.Fluent;
using Sidestep.Packets;
using Sidestep.Testing;

namespace Sidestep.UnitTests.Packets;

public sealed class Ipv4Tests
{
    // 8 bytes of payload, four of options, fragment at offset 16 with more to come; checksum filled in below
    private static readonly byte[] Valid = WithChecksum(Convert.FromHexString(
        "46b80020" + "1234" + "2002" + "40110000" + "c0000201" + "c0000202" + "01010100" + "0102030405060708"), 24);

    [Fact]
    public void Reads_every_field()
    {
        Assert.True(Ipv4Packet.TryParse(Valid, out var packet));
        Assert.Equal(24, packet.HeaderLength);
        Assert.Equal(0xb8, packet.TrafficClass);
        Assert.Equal(32, packet.TotalLength);
        Assert.Equal(0x1234, packet.Identification);
        Assert.False(packet.DontFragment);
        Assert.True(packet.MoreFragments);
        Assert.True(packet.IsFragment);
        Assert.Equal(16, packet.FragmentOffsetBytes);
        Assert.Equal(64, packet.TimeToLive);
        Assert.Equal(IpProtocol.Udp, packet.Protocol);
        Assert.True(packet.HasValidChecksum);
        Assert.Equal("192.0.2.1", packet.Source.ToString());
        Assert.Equal("192.0.2.2", packet.Destination.ToString());
        Assert.Equal([1, 1, 1, 0], packet.Options.ToArray());
        Assert.Equal([1, 2, 3, 4, 5, 6, 7, 8], packet.Payload.ToArray());
    }

    [Fact]
    public void Padding_is_not_payload()
    {
        Assert.True(Ipv4Packet.TryParse([.. Valid, 9, 9], out var packet));
        Assert.Equal(8, packet.Payload.Length);
    }

    [Theory]
    [InlineData("0000", false)]
    [InlineData("4000", false)] // do not fragment
    [InlineData("8000", false)] // the reserved bit
    [InlineData("2000", true)]
    [InlineData("0001", true)]
    [InlineData("1fff", true)]
    public void Fragment_is_distinguished_from_a_whole_datagram(string word, bool fragment)
    {
        var bytes = Valid.ToArray();
        Convert.FromHexString(word).CopyTo(bytes, 6);
        Assert.True(Ipv4Packet.TryParse(bytes, out var packet));
        Assert.Equal(fragment, packet.IsFragment);
        Assert.False(packet.HasValidChecksum);
    }

    [Fact] // the words one by one: RFC 791 section 3.1
    public void Writes_every_byte()
    {
        var bytes = DirtyBuffer.Create(22);
        new Ipv4Header
        {
            TrafficClass = 0xb9,
            PayloadLength = 40,
            Identification = 0x1234,
            DontFragment = false,
            TimeToLive = 7,
            Protocol = IpProtocol.Tcp,
            Source = new(0xc0000201),
            Destination = new(0xc0000202),
        }.Write(bytes);
        var expected =
            WithChecksum(Convert.FromHexString("45b9003c" + "12340000" + "07060000" + "c0000201" + "c0000202"), 20);
        Assert.Equal([.. expected, DirtyBuffer.Fill, DirtyBuffer.Fill], bytes);
    }

    [Fact]
    public void Written_header_is_read_back() => Gens.Check(
        from trafficClass in Gens.Byte
        from length in Gen.Choose(0, Ipv4Header.MaxPayloadLength)
        from identification in Gens.UInt16
        from dontFragment in ArbMap.Default.GeneratorFor<bool>()
        from ttl in Gens.Byte
        from protocol in Gens.Byte
        from source in Gens.Address
        from destination in Gens.Address
        select new Ipv4Header
        {
            TrafficClass = trafficClass,
            PayloadLength = length,
            Identification = identification,
            DontFragment = dontFragment,
            TimeToLive = ttl,
            Protocol = (IpProtocol)protocol,
            Source = source,
            Destination = destination,
        },
        static header =>
        {
            var bytes = DirtyBuffer.Create(20, new byte[header.PayloadLength]);
            header.Write(bytes);
            return Ipv4Packet.TryParse(bytes, out var p) && p.HasValidChecksum && NaiveChecksum.Of(bytes[..20]) == 0
                && new Ipv4Header
                {
                    TrafficClass = p.TrafficClass,
                    PayloadLength = p.Payload.Length,
                    Identification = p.Identification,
                    DontFragment = p.DontFragment,
                    TimeToLive = p.TimeToLive,
                    Protocol = p.Protocol,
                    Source = p.Source,
                    Destination = p.Destination,
                } == header;
        }, 300);

    [Theory]
    [InlineData(-1)]
    [InlineData(65516)]
    public void Payload_length_beyond_the_total_length_is_rejected(int length) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new Ipv4Header
        {
            PayloadLength = length,
            Protocol = IpProtocol.Udp,
            Source = default,
            Destination = default,
        });

    [Theory]
    [InlineData("00", "not even a version")]
    [InlineData("56b80020", "version 5")]
    [InlineData("44b80020", "header length 16")]
    [InlineData("40b80020", "header length 0")]
    [InlineData("46b80017", "total length below the header")]
    [InlineData("46b80000", "total length 0")]
    [InlineData("46b80021", "total length beyond the bytes")]
    [InlineData("4fb80020", "header longer than the datagram")]
    public void Contradictory_lengths_are_rejected(string start, string why)
    {
        var bytes = Valid.ToArray();
        Convert.FromHexString(start).CopyTo(bytes, 0);
        Assert.False(Ipv4Packet.TryParse(bytes, out _), why);
    }

    [Fact]
    public void Truncated_header_is_rejected() => Assert.False(Ipv4Packet.TryParse(Valid.AsSpan(0, 19), out _));

    [Fact]
    public void Truncated_datagram_is_rejected() => Assert.False(Ipv4Packet.TryParse(Valid.AsSpan(0, 31), out _));

    [Fact]
    public void Buffer_shorter_than_the_header_stays_untouched()
    {
        var bytes = DirtyBuffer.Create(19);
        var header =
            new Ipv4Header { PayloadLength = 0, Protocol = IpProtocol.Udp, Source = default, Destination = default };
        Assert.Throws<ArgumentOutOfRangeException>(() => header.Write(bytes));
        Assert.Equal(DirtyBuffer.Create(19), bytes);
    }

    [Fact]
    public void Never_throws() => Gens.Check(Gens.Damaged(Valid), static bytes =>
    {
        if (Ipv4Packet.TryParse(bytes, out var p))
        {
            _ = (p.HeaderLength, p.TrafficClass, p.TotalLength, p.Identification, p.DontFragment, p.MoreFragments);
            _ = (p.FragmentOffsetBytes, p.IsFragment, p.TimeToLive, p.Protocol, p.Checksum, p.HasValidChecksum);
            _ = (p.Source, p.Destination, p.Options.Length, p.Payload.Length);
        }
        return true;
    });

    private static byte[] WithChecksum(byte[] bytes, int headerLength)
    {
        var checksum = NaiveChecksum.Of(bytes[..headerLength]);
        (bytes[10], bytes[11]) = ((byte)(checksum >> 8), (byte)checksum);
        return bytes;
    }
}
