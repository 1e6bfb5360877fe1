using System.Net;
using Sidestep.Daemon.Doctor;
using Sidestep.Packets;
using Sidestep.Testing;

namespace Sidestep.UnitTests.Daemon.Doctor;

/// <summary>The packets byte by byte, and their checksums by <see cref="NaiveChecksum"/>.</summary>
public sealed class ProbePacketTests
{
    private static readonly IPEndPoint From = IPEndPoint.Parse("10.0.0.2:61000"), To =
        IPEndPoint.Parse("203.0.113.10:80");
    private static readonly IPEndPoint From6 = IPEndPoint.Parse("[2001:db8::2]:61000"), To6 =
        IPEndPoint.Parse("[2001:db8:113::10]:80");

    [Fact]
    public void IPv4_header_has_lengths_DF_TTL_and_checksum()
    {
        var packet = ProbePacket.Udp(From, To, [1, 2, 3]);
        Assert.Equal(FrameBytes.Hex("4500001f 00004000 4011"), packet[..10]);
        Assert.Equal(FrameBytes.Hex("0a000002 cb00710a"), packet[12..20]);
        Assert.Equal(NaiveChecksum.Of(packet[..10], packet[12..20]), Word(packet, 10));
    }

    [Fact]
    public void IPv6_header_has_payload_length_protocol_and_hop_limit()
    {
        var packet = ProbePacket.Udp(From6, To6, [1, 2, 3]);
        Assert.Equal(
            FrameBytes.Hex("60000000 000b1140 20010db8000000000000000000000002 20010db8011300000000000000000010"),
            packet[..40]);
    }

    [Fact]
    public void SYN_has_sequence_window_and_MSS()
    {
        var packet = ProbePacket.Tcp(From, To, 0x01020304, TcpControlBits.Syn, 1460);
        Assert.Equal(FrameBytes.Hex("ee480050 01020304 00000000 6002faf0"), packet[20..36]);
        Assert.Equal(FrameBytes.Hex("0000 020405b4"), packet[38..]);
        Assert.Equal(6, packet[9]);
        AssertChecksum(packet[12..20], 6, packet[20..], 16);
    }

    [Fact]
    public void Reset_has_no_options()
    {
        var packet = ProbePacket.Tcp(From6, To6, 7, TcpControlBits.Rst, 1460);
        Assert.Equal(60, packet.Length);
        Assert.Equal(FrameBytes.Hex("ee480050 00000007 00000000 5004faf0"), packet[40..56]);
        AssertChecksum(packet[8..40], 6, packet[40..], 16);
    }

    [Fact]
    public void Datagram_has_ports_length_data_and_checksum()
    {
        var packet = ProbePacket.Udp(From, To, [1, 2, 3]);
        Assert.Equal(FrameBytes.Hex("ee480050 000b"), packet[20..26]);
        Assert.Equal([1, 2, 3], packet[28..]);
        AssertChecksum(packet[12..20], 17, packet[20..], 6);
        packet = ProbePacket.Udp(From6, To6, [1, 2, 3]);
        AssertChecksum(packet[8..40], 17, packet[40..], 6);
    }

    /// <summary>RFC 768: a checksum that is computed as zero is sent as all ones.</summary>
    [Fact]
    public void Checksum_of_a_datagram_is_never_zero()
    {
        var plain = ProbePacket.Udp(From, To, [0, 0]);
        var packet = ProbePacket.Udp(From, To, [plain[26], plain[27]]);
        Assert.Equal(0xffff, Word(packet, 26));
    }

    [Theory]
    [InlineData("10.0.0.2", "203.0.113.10", 8, 1)]
    [InlineData("2001:db8::2", "2001:db8:113::10", 128, 58)]
    public void Echo_request_has_the_given_length_identifier_and_sequence_number(string from, string to, int type,
        int protocol)
    {
        var packet = ProbePacket.Echo(IPAddress.Parse(from), IPAddress.Parse(to), 0x51de, 0x0102, 1200);
        var header = protocol == 1 ? 20 : 40;
        Assert.Equal(1200, packet.Length);
        Assert.Equal(protocol, packet[protocol == 1 ? 9 : 6]);
        Assert.Equal(FrameBytes.Hex($"{type:x2}00"), packet[header..(header + 2)]);
        Assert.Equal(FrameBytes.Hex("51de0102"), packet[(header + 4)..(header + 8)]);
        if (protocol == 1)
            Assert.Equal(NaiveChecksum.Of(packet[20..22], packet[24..]), Word(packet, 22));
        else
            AssertChecksum(packet[8..40], 58, packet[40..], 2);
    }

    [Theory]
    [InlineData("10.0.0.2", "203.0.113.10", 28)]
    [InlineData("2001:db8::2", "2001:db8:113::10", 48)]
    public void Echo_request_is_never_shorter_than_its_headers(string from, string to, int length) =>
        Assert.Equal(length, ProbePacket.Echo(IPAddress.Parse(from), IPAddress.Parse(to), 1, 1, 0).Length);

    /// <summary>Protocol 4: IPv4, 41: IPv6 (RFC 2003, RFC 4213).</summary>
    [Theory]
    [InlineData(false, false, 4)]
    [InlineData(true, false, 41)]
    [InlineData(false, true, 4)]
    [InlineData(true, true, 41)]
    public void IP_in_IP_names_the_inner_protocol(bool inner6, bool outer6, int protocol)
    {
        var inner = Inner(inner6);
        var packet = ProbePacket.IpIp(Outer(outer6).From, Outer(outer6).To, inner);
        Assert.Equal(protocol, packet[outer6 ? 6 : 9]);
        Assert.Equal(inner, packet[(outer6 ? 40 : 20)..]);
    }

    /// <summary>RFC 2784 section 2: no flags, version 0, the EtherType of the payload.</summary>
    [Theory]
    [InlineData(false, "00000800")]
    [InlineData(true, "000086dd")]
    public void GRE_has_the_inner_EtherType(bool inner6, string header)
    {
        var packet = ProbePacket.Gre(Outer(false).From, Outer(false).To, Inner(inner6));
        Assert.Equal(47, packet[9]);
        Assert.Equal(FrameBytes.Hex(header), packet[20..24]);
        Assert.Equal(Inner(inner6), packet[24..]);
    }

    /// <summary>draft-ietf-intarea-gue: version 0, header length 0, control bit 0, then the inner protocol and no
    /// flags.</summary>
    [Theory]
    [InlineData(false, "00040000")]
    [InlineData(true, "00290000")]
    public void GUE_is_UDP_with_the_inner_protocol(bool inner6, string header)
    {
        var packet = ProbePacket.Gue(IPEndPoint.Parse("10.0.0.2:49153"), IPEndPoint.Parse("10.1.0.11:6081"),
            Inner(inner6));
        Assert.Equal(17, packet[9]);
        Assert.Equal(FrameBytes.Hex("c00117c1"), packet[20..24]);
        Assert.Equal(FrameBytes.Hex(header), packet[28..32]);
        Assert.Equal(Inner(inner6), packet[32..]);
        AssertChecksum(packet[12..20], 17, packet[20..], 6);
    }

    private static byte[] Inner(bool ipv6) => ipv6 ? ProbePacket.Udp(From6, To6, [5]) : ProbePacket.Udp(From, To, [5]);

    private static (IPAddress From, IPAddress To) Outer(bool ipv6) =>
        ipv6 ? (From6.Address, IPAddress.Parse("2001:db8:1::11")) : (From.Address, IPAddress.Parse("10.1.0.11"));

    /// <summary>The pseudo-header has addresses, protocol and length (RFC 9293 section 3.1, RFC 8200 section
    /// 8.1).</summary>
    private static void AssertChecksum(byte[] addresses, byte protocol, byte[] segment, int offset)
    {
        var expected = NaiveChecksum.Of(addresses,
            [0, 0, (byte)(segment.Length >> 8), (byte)segment.Length, 0, protocol],
            segment[..offset], segment[(offset + 2)..]);
        Assert.Equal(expected, Word(segment, offset));
    }

    private static int Word(byte[] bytes, int offset) => bytes[offset] << 8 | bytes[offset + 1];
}
