using FsCheck.Fluent;
using Sidestep.Packets;
using Sidestep.Testing;

namespace Sidestep.UnitTests.Packets;

/// <summary>IPv6 header, packet and fragment header against bytes written by hand from RFC 8200.</summary>
public sealed class Ipv6Tests
{
    // Version 6, traffic class 0xb8, flow label 0x12345, 8 bytes of payload, UDP, hop limit 63.
    private static readonly byte[] Valid = Convert.FromHexString(
        "6b812345" + "0008113f" + "20010db8000000000000000000000007" + "20010db8000000000000000000000010"
        + "9c40003500080000");

    private static readonly Ipv6Address Client = new(new UInt128(0x2001_0db8_0000_0000, 7));
    private static readonly Ipv6Address Vip = new(new UInt128(0x2001_0db8_0000_0000, 0x10));

    private static readonly Ipv6Header Header = new()
    {
        TrafficClass = 0xb8,
        FlowLabel = 0x12345,
        PayloadLength = 8,
        NextHeader = IpProtocol.Udp,
        HopLimit = 63,
        Source = Client,
        Destination = Vip,
    };

    [Fact]
    public void View_reads_every_field()
    {
        Assert.True(Ipv6Packet.TryParse(Valid, out var packet));
        Assert.Equal((0xb8, 0x12345u, 8), (packet.TrafficClass, packet.FlowLabel, packet.PayloadLength));
        Assert.Equal((IpProtocol.Udp, 63), (packet.NextHeader, packet.HopLimit));
        Assert.Equal((Client, Vip), (packet.Source, packet.Destination));
        Assert.Equal(Valid[40..], packet.Payload.ToArray());
    }

    [Fact]
    public void Padding_of_the_frame_is_no_payload()
    {
        Assert.True(Ipv6Packet.TryParse([.. Valid, 0, 0, 0], out var packet));
        Assert.Equal(Valid[40..], packet.Payload.ToArray());
    }

    [Theory]
    [InlineData(0)]
    [InlineData(39)]
    [InlineData(47)]
    public void Truncated_packet_is_rejected(int length) =>
        Assert.False(Ipv6Packet.TryParse(Valid.AsSpan(0, length), out _));

    [Fact]
    public void Header_of_a_truncated_packet_can_be_read()
    {
        Assert.True(Ipv6Packet.TryParseHeader(Valid.AsSpan(0, 42), out var packet));
        Assert.Equal((8, 2), (packet.PayloadLength, packet.Payload.Length));
        Assert.False(Ipv6Packet.TryParseHeader(Valid.AsSpan(0, 39), out _));
    }

    [Fact]
    public void Other_version_is_rejected()
    {
        byte[] four = [0x45, .. Valid[1..]];
        Assert.False(Ipv6Packet.TryParse(four, out _));
        Assert.False(Ipv6Packet.TryParseHeader(four, out _));
    }

    [Fact]
    public void Header_writes_every_byte()
    {
        var bytes = DirtyBuffer.Create(Ipv6Header.Length, Valid[40..]);
        Header.Write(bytes);
        Assert.Equal(Valid, bytes);
    }

    [Fact]
    public void Buffer_shorter_than_the_header_stays_untouched()
    {
        var bytes = DirtyBuffer.Create(39);
        Assert.Throws<ArgumentOutOfRangeException>(() => Header.Write(bytes));
        Assert.Equal(DirtyBuffer.Create(39), bytes);
    }

    [Fact]
    public void Values_that_no_header_can_hold_throw()
    {
        Assert.Throws<ArgumentOutOfRangeException>(static () => Header with { PayloadLength = 65_536 });
        Assert.Throws<ArgumentOutOfRangeException>(static () => Header with { PayloadLength = -1 });
        Assert.Throws<ArgumentOutOfRangeException>(static () => Header with { FlowLabel = 0x10_0000 });
    }

    [Fact]
    public void Hop_limit_is_64_by_default() => Assert.Equal(64, new Ipv6Header
    {
        PayloadLength = 0,
        NextHeader = IpProtocol.Tcp,
        Source = Client,
        Destination = Vip,
    }.HopLimit);

    /// <summary>RFC 8200 section 4.5: next header, reserved, offset with the M flag in the lowest bit,
    /// identification.</summary>
    [Theory]
    [InlineData("11000001deadbeef", 0, true)]
    [InlineData("110005a8deadbeef", 1448, false)]
    [InlineData("1100fff9deadbeef", 65_528, true)]
    public void Fragment_header_is_read_and_written(string hex, int offset, bool more)
    {
        var expected = new Ipv6FragmentHeader(IpProtocol.Udp, offset, more, 0xdeadbeef);
        Assert.Equal(expected, Ipv6FragmentHeader.Read(Convert.FromHexString(hex)));
        var bytes = DirtyBuffer.Create(Ipv6FragmentHeader.Length);
        expected.Write(bytes);
        Assert.Equal(hex, Convert.ToHexStringLower(bytes));
    }

    [Fact]
    public void Reserved_bits_of_a_fragment_header_are_ignored() => Assert.Equal(
        new Ipv6FragmentHeader(IpProtocol.Tcp, 8, false, 1),
        Ipv6FragmentHeader.Read([6, 0xff, 0, 0x0e, 0, 0, 0, 1]));

    [Theory]
    [InlineData(4)]
    [InlineData(-8)]
    [InlineData(65_536)]
    public void Fragment_header_rejects_an_offset_that_it_cannot_hold(int offset)
    {
        var bytes = DirtyBuffer.Create(Ipv6FragmentHeader.Length);
        Assert.Throws<InvalidOperationException>(
            () => new Ipv6FragmentHeader(IpProtocol.Tcp, offset, false, 0).Write(bytes));
        Assert.Equal(DirtyBuffer.Create(Ipv6FragmentHeader.Length), bytes);
    }

    /// <summary>The pseudo-header of RFC 8200 section 8.1, byte by byte.</summary>
    [Fact]
    public void Pseudo_header_has_the_sum_of_its_bytes() => Gens.Check(
        from source in Gens.Bits(64)
        from destination in Gens.Bits(64)
        from length in Gen.Choose(0, 65_535)
        from protocol in Gens.Byte
        select (source, destination, length, protocol),
        static v =>
        {
            Ipv6Address source = new(new UInt128(v.source, v.destination));
            Ipv6Address destination = new(new UInt128(v.destination, v.source));
            byte[] pseudoHeader =
            [
                .. source.ToIPAddress().GetAddressBytes(), .. destination.ToIPAddress().GetAddressBytes(),
                0, 0, (byte)(v.length >> 8), (byte)v.length, 0, 0, 0, v.protocol,
            ];
            return InternetChecksum.Finish(InternetChecksum.SumPseudoHeader(
                source, destination, (IpProtocol)v.protocol, v.length)) == NaiveChecksum.Of(pseudoHeader);
        });

    [Fact]
    public void Never_throws() => Gens.Check(Gens.Damaged(Valid), static bytes =>
    {
        if (Ipv6Packet.TryParse(bytes, out var p) || Ipv6Packet.TryParseHeader(bytes, out p))
        {
            _ = (p.TrafficClass, p.FlowLabel, p.PayloadLength, p.NextHeader, p.HopLimit);
            _ = (p.Source, p.Destination, p.Payload.Length);
        }
        return true;
    });
}
