using System.Net;
using Sidestep.Daemon.Doctor;

namespace Sidestep.UnitTests.Daemon.Doctor;

public sealed class ReplyPacketTests
{
    private const string Server = "10.0.0.11", Director = "10.0.0.2", Server6 = "2001:db8::11", Director6 =
        "2001:db8::2";

    [Theory]
    [InlineData(0x12, "SynAck")]
    [InlineData(0x52, "SynAck")] // with ECE
    [InlineData(0x14, "Reset")]
    [InlineData(0x04, "Reset")]
    [InlineData(0x16, "Reset")] // a reset, whatever else
    [InlineData(0x10, null)]
    [InlineData(0x02, null)]
    public void TCP_is_read_by_its_flags(int flags, string? kind)
    {
        var reply = ReplyPacket.Read(FrameBytes.Ip(Server, Director, 6, FrameBytes.Tcp(80, 61_000, flags), ttl: 63));
        Assert.Equal(kind, reply?.Kind.ToString());
        if (reply is { } packet)
        {
            Assert.Equal((IPAddress.Parse(Server), IPAddress.Parse(Director), 61_000, 63),
                (packet.From, packet.To, packet.Port, packet.Ttl));
            Assert.Null(packet.About);
        }
    }

    /// <summary>RFC 9293 section 3.2: kind 2, length 4; kind 1 has no length; kind 0 ends the list.</summary>
    [Theory]
    [InlineData("020405b4", 1460)]
    [InlineData("01010101020405b4", 1460)]
    [InlineData("01030307020405a0", 1440)]
    [InlineData("00000000020405b4", 0)]
    [InlineData("0402000000000000", 0)]
    [InlineData("0300020405b40000", 1460)] // a length of 0 counts as 2, so that reading goes on
    [InlineData("02040500", 1280)]
    [InlineData("01010204", 0)] // cut off
    [InlineData("", 0)]
    public void MSS_of_a_SYN_ACK_is_found_among_its_options(string options, int mss) => Assert.Equal(
        mss, ReplyPacket.Read(
        FrameBytes.Ip(Server, Director, 6, FrameBytes.Tcp(80, 61_000, 0x12, options)))!.Value.Number);

    [Fact]
    public void MSS_beyond_the_length_of_the_header_does_not_count()
    {
        byte[] segment = [.. FrameBytes.Tcp(80, 61_000, 0x12), .. FrameBytes.Hex("020405b4")];
        Assert.Equal(0, ReplyPacket.Read(FrameBytes.Ip(Server, Director, 6, segment))!.Value.Number);
    }

    [Fact]
    public void UDP_is_a_datagram_to_its_destination_port_in_both_families()
    {
        Assert.Equal(
            new ReplyPacket(ReplyKind.Datagram, IPAddress.Parse(Server), IPAddress.Parse(Director), 61_001, 0, 64),
            ReplyPacket.Read(FrameBytes.Ip(Server, Director, 17, FrameBytes.Udp(53, 61_001, 1, 2))));
        Assert.Equal(
            new ReplyPacket(ReplyKind.Datagram, IPAddress.Parse(Server6), IPAddress.Parse(Director6), 61_001, 0, 61),
            ReplyPacket.Read(FrameBytes.Ip(Server6, Director6, 17, FrameBytes.Udp(53, 61_001), ttl: 61)));
    }

    [Theory]
    [InlineData(Server, Director, 1, 0)]
    [InlineData(Server6, Director6, 58, 129)]
    public void Echo_reply_has_identifier_and_sequence_number(string from, string to, int protocol, int type)
    {
        Assert.Equal(new ReplyPacket(ReplyKind.Echo, IPAddress.Parse(from), IPAddress.Parse(to), 0x51de, 0x0102, 64),
            ReplyPacket.Read(FrameBytes.Ip(from, to, protocol, FrameBytes.Hex($"{type:x2}00000051de0102"))));
        Assert.Null(ReplyPacket.Read(FrameBytes.Ip(from, to, protocol, FrameBytes.Hex($"{type:x2}01000051de0102"))));
    }

    /// <summary>RFC 792 and RFC 1191: type 3, code 3 and code 4 with the MTU in bytes 6 and 7. RFC 4443: type 1 code
    /// 4, and type 2 with the MTU in bytes 4 to 7.</summary>
    [Theory]
    [InlineData(Server, Director, 1, "0303000000000000", "PortUnreachable", 61_002, 0)]
    [InlineData(Server, Director, 1, "0304000000000578", "TooBig", 0, 1400)]
    [InlineData(Server6, Director6, 58, "0104000000000000", "PortUnreachable", 61_002, 0)]
    [InlineData(Server6, Director6, 58, "0200000000000500", "TooBig", 0, 1280)]
    public void ICMP_errors_quote_the_port_and_the_destination(
        string from, string to, int protocol, string header, string kind, int port, int number)
    {
        var quoted = FrameBytes.Ip(to, from, 17, FrameBytes.Udp(61_002, 53));
        var reply = ReplyPacket.Read(FrameBytes.Ip(from, to, protocol, [.. FrameBytes.Hex(header), .. quoted]))!.Value;
        Assert.Equal((kind, port, number, IPAddress.Parse(from)),
            (reply.Kind.ToString(), reply.Port, reply.Number, reply.About));
    }

    [Theory]
    [InlineData(Server, Director, 1, "0301000000000000")]
    [InlineData(Server, Director, 1, "0b00000000000000")]
    [InlineData(Server6, Director6, 58, "0100000000000000")]
    [InlineData(Server6, Director6, 58, "0201000000000500")]
    [InlineData(Server6, Director6, 58, "8700000000000000")]
    public void Other_ICMP_messages_are_no_replies(string from, string to, int protocol, string header) => Assert.Null(
        ReplyPacket.Read(
        FrameBytes.Ip(from, to, protocol,
        [.. FrameBytes.Hex(header), .. FrameBytes.Ip(to, from, 17, FrameBytes.Udp(1, 2))])));

    [Fact]
    public void Quoted_packet_must_have_its_header_and_a_port()
    {
        var quoted = FrameBytes.Ip(Director, Server, 17, FrameBytes.Udp(61_002, 53));
        byte[] Error(int bytes) =>
            FrameBytes.Ip(Server, Director, 1, [.. FrameBytes.Hex("0303000000000000"), .. quoted[..bytes]]);
        Assert.Null(ReplyPacket.Read(Error(19)));
        Assert.Null(ReplyPacket.Read(Error(21)));
        Assert.Equal(61_002, ReplyPacket.Read(Error(22))!.Value.Port);
    }

    [Theory]
    [InlineData(6, 19)]
    [InlineData(17, 7)]
    [InlineData(1, 7)]
    [InlineData(47, 40)]
    public void Short_transport_headers_and_other_protocols_are_no_replies(int protocol, int bytes) =>
        Assert.Null(ReplyPacket.Read(FrameBytes.Ip(Server, Director, protocol, new byte[bytes])));

    [Fact]
    public void Later_fragments_and_damaged_headers_are_no_replies()
    {
        var packet = FrameBytes.Ip(Server, Director, 17, FrameBytes.Udp(53, 61_001));
        Assert.NotNull(ReplyPacket.Read(Changed(packet, 6, 0x20))); // more fragments: the first one
        Assert.Null(ReplyPacket.Read(Changed(packet, 7, 1)));
        Assert.Null(ReplyPacket.Read(Changed(packet, 6, 0x10)));
        Assert.Null(ReplyPacket.Read(Changed(packet, 0, 0x44))); // shorter than 20 bytes
        Assert.Null(ReplyPacket.Read(Changed(packet, 0, 0x4f))); // longer than the packet
        Assert.Null(ReplyPacket.Read(Changed(packet, 0, 0x55)));
        Assert.Null(ReplyPacket.Read(packet.AsSpan(0, 19)));
        Assert.Null(ReplyPacket.Read(FrameBytes.Ip(Server6, Director6, 17, FrameBytes.Udp(53, 61_001)).AsSpan(0, 39)));
    }

    [Fact]
    public void IPv4_options_are_skipped()
    {
        var packet = FrameBytes.Ip(Server, Director, 17, FrameBytes.Udp(53, 61_001));
        byte[] longer = [.. packet[..20], 1, 1, 1, 1, .. packet[20..]];
        longer[0] = 0x46;
        Assert.Equal(61_001, ReplyPacket.Read(longer)!.Value.Port);
    }

    /// <summary>RFC 8200 section 4.5.</summary>
    [Theory]
    [InlineData("0000", true)]
    [InlineData("0001", true)]
    [InlineData("0008", false)]
    public void First_IPv6_fragment_has_a_transport_header(string offsetAndFlags, bool isReply)
    {
        byte[] payload = [.. FrameBytes.Hex($"1100{offsetAndFlags}00000001"), .. FrameBytes.Udp(53, 61_001)];
        Assert.Equal(isReply ? 61_001 : null, ReplyPacket.Read(FrameBytes.Ip(Server6, Director6, 44, payload))?.Port);
    }

    [Fact]
    public void Random_bytes_are_read_without_a_fault()
    {
        var random = new Random(1);
        for (var i = 0; i < 20_000; i++)
        {
            var bytes = new byte[random.Next(90)];
            random.NextBytes(bytes);
            if (bytes.Length > 9)
            {
                bytes[0] = random.Next(2) == 0 ? (byte)0x45 : (byte)0x60;
                bytes[bytes[0] == 0x45 ? 9 : 6] = (byte)new[] { 1, 6, 17, 44, 58 }[random.Next(5)];
            }
            ReplyPacket.Read(bytes);
        }
    }

    private static byte[] Changed(byte[] packet, int index, byte value)
    {
        byte[] copy = [.. packet];
        copy[index] = value;
        return copy;
    }
}
