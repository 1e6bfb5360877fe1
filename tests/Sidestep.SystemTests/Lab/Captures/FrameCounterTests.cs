using System.Buffers.Binary;
using System.Net;
using Sidestep.Lab.Captures;

namespace Sidestep.SystemTests.Lab.Captures;

/// <summary>The counter must detect replies at the director: otherwise a count of zero would prove nothing.</summary>
public sealed class FrameCounterTests
{
    private const string Director = "02:00:00:00:00:0d";
    private const string Router = "02:00:00:00:00:01";
    private const string Server = "02:00:00:00:00:11";
    private const string Vip = "203.0.113.10";
    private const string Vip6 = "2001:db8:113::10";
    private const string Client = "198.51.100.10";
    private const string Client6 = "2001:db8:100::10";
    private const string ServerAddress = "10.30.3.11";
    private const string DirectorAddress = "10.30.1.2";
    private const string Server6 = "2001:db8:30::11";
    private const string Director6 = "2001:db8:1::2";
    private const byte Udp = 17;
    private const byte IpInIp = 4;
    private const byte Ip6InIp = 41;
    private const byte Gre = 47;

    [Fact]
    public void Requests_are_counted_by_direction()
    {
        var seen = Count(
            Frame(Router, Director, Ip(Client, Vip, Udp, new byte[8])),
            Frame(Director, Server, Ip(Client, Vip, Udp, new byte[8])),
            Frame(Router, Director, Ip(Client, Vip, Udp, new byte[8])));

        Assert.Equal(new FrameVolume(2, 2 * (14 + 28)), seen.RequestsIn);
        Assert.Equal(new FrameVolume(1, 14 + 28), seen.RequestsOut);
        Assert.Equal(0, seen.Replies.Frames);
        Assert.Equal(0, seen.EncapsulatedOut.Frames);
    }

    [Theory]
    [InlineData(Server, Director)]
    [InlineData(Director, Router)]
    [InlineData(Server, Router)]
    public void A_reply_is_counted_whatever_its_MAC_addresses(string from, string to)
        => Assert.Equal(1, Count(Frame(from, to, Ip(Vip, Client, Udp, new byte[8]))).Replies.Frames);

    [Fact]
    public void A_reply_inside_an_outer_packet_is_counted()
        => Assert.Equal(1,
            Count(Frame(Server, Director,
                Ip("10.30.3.11", "10.30.1.2", IpInIp, Ip(Vip, Client, Udp, [])))).Replies.Frames);

    [Fact]
    public void A_request_in_an_outer_packet_counts_only_as_encapsulated()
    {
        var seen = Count(Frame(Director, Router, Ip("10.30.1.2", "10.30.3.11", IpInIp, Ip(Client, Vip, Udp, []))));

        Assert.Equal(1, seen.EncapsulatedOut.Frames);
        Assert.Equal(0, seen.RequestsOut.Frames);
        Assert.Equal(0, seen.RequestsIn.Frames);
    }

    [Theory]
    [InlineData(4, false, false)]
    [InlineData(4, true, false)]
    [InlineData(6, false, true)]
    [InlineData(6, true, true)]
    [InlineData(4, true, true)]
    [InlineData(6, false, false)]
    public void Requests_are_counted_inside_every_outer_header(int outer, bool gre, bool inner6)
    {
        var inner = inner6 ? Ip6(Client6, Vip6, Udp, new byte[8]) : Ip(Client, Vip, Udp, new byte[8]);
        byte[] greHeader = inner6 ? [0, 0, 0x86, 0xdd] : [0, 0, 8, 0];
        byte[] gueHeader = [0xc0, 0, 0x17, 0xc0, 0, 0, 0, 0, 0, inner6 ? Ip6InIp : IpInIp, 0, 0];
        byte[] payload = [.. gre ? greHeader : gueHeader, .. inner];
        var protocol = gre ? Gre : Udp;
        var packet = outer == 4
            ? Ip(DirectorAddress, ServerAddress, protocol, payload) : Ip6(Director6, Server6, protocol, payload);

        var seen = Count(outer == 4 ? Frame(Director, Router, packet) : Frame6(Director, Router, packet));

        Assert.Equal(1, seen.EncapsulatedOut.Frames);
        Assert.Equal(0, seen.RequestsOut.Frames);
    }

    [Theory]
    [InlineData(IpInIp)]
    [InlineData(Ip6InIp)]
    public void Replies_of_either_family_are_counted_inside_IPv6(byte protocol)
    {
        var inner = protocol == IpInIp ? Ip(Vip, Client, Udp, []) : Ip6(Vip6, Client6, Udp, []);

        Assert.Equal(1, Count(Frame6(Server, Director, Ip6(Server6, Director6, protocol, inner))).Replies.Frames);
    }

    [Fact]
    public void VLAN_tags_are_skipped()
    {
        var frame = Frame6(Router, Director, Ip6(Client6, Vip6, Udp, new byte[8]));
        byte[] tagged = [.. frame[..12], 0x88, 0xa8, 0, 7, 0x81, 0, 0, 9, .. frame[12..]];

        Assert.Equal(1, Count(tagged).RequestsIn.Frames);
        Assert.Equal(0, Count(tagged[..20]).RequestsIn.Frames);
    }

    [Fact]
    public void Short_and_non_IP_frames_are_skipped()
    {
        var arp = Frame(Director, Router, new byte[28]);
        BinaryPrimitives.WriteUInt16BigEndian(arp.AsSpan(12), 0x0806);
        var cut = Frame(Router, Director, Ip(Client, Vip, IpInIp, []))[..20];

        Assert.Equal(default, Count(arp, cut, [], Frame(Router, Director, Ip(Client, "10.0.0.1", IpInIp, [0x45]))));
    }

    [Fact]
    public void A_capture_with_an_incomplete_last_frame_is_counted_up_to_it()
    {
        var whole = Capture(Frame(Router, Director, Ip(Client, Vip, Udp, [])),
            Frame(Router, Director, Ip(Client, Vip, Udp, [])));

        Assert.Equal(1, CountCapture(whole[..^5]).RequestsIn.Frames);
    }

    private static FrameTotals Count(params byte[][] frames) => CountCapture(Capture(frames));

    private static FrameTotals CountCapture(byte[] capture)
    {
        var counts = new FrameCounter([IPAddress.Parse(Vip), IPAddress.Parse(Vip6)], Director);
        using var reader = new PcapReader(new MemoryStream(capture));
        counts.AddAll(reader);
        return counts.Now;
    }

    // pcap-savefile(5).
    private static byte[] Capture(params byte[][] frames)
    {
        var file = new MemoryStream();
        file.Write([0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0]);
        file.Write(new byte[8]);
        file.Write([0, 0, 4, 0, 1, 0, 0, 0]);
        foreach (var frame in frames)
        {
            var header = new byte[16];
            BinaryPrimitives.WriteInt32LittleEndian(header.AsSpan(8), frame.Length);
            BinaryPrimitives.WriteInt32LittleEndian(header.AsSpan(12), frame.Length);
            file.Write(header);
            file.Write(frame);
        }
        return file.ToArray();
    }

    private static byte[] Frame(string from, string to, byte[] packet)
        => [.. Mac(to), .. Mac(from), 0x08, 0x00, .. packet];

    private static byte[] Ip(string from, string to, byte protocol, byte[] payload)
        => [0x45, 0, 0, 0, 0, 0, 0, 0, 64, protocol, 0, 0, .. IPAddress.Parse(from).GetAddressBytes(),
            .. IPAddress.Parse(to).GetAddressBytes(), .. payload];

    private static byte[] Frame6(string from, string to, byte[] packet)
        => [.. Mac(to), .. Mac(from), 0x86, 0xdd, .. packet];

    private static byte[] Ip6(string from, string to, byte protocol, byte[] payload)
        => [0x60, 0, 0, 0, 0, 0, protocol, 64, .. IPAddress.Parse(from).GetAddressBytes(), .. IPAddress.Parse(to)
            .GetAddressBytes(), .. payload];

    private static byte[] Mac(string text) => Convert.FromHexString(text.Replace(":", "", StringComparison.Ordinal));
}
