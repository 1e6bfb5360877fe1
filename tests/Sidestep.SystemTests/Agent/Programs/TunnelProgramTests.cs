using System.Buffers.Binary;

namespace Sidestep.SystemTests.Agent.Programs;

/// <summary>Every encapsulation in every family, packet by packet: exactly the inner packet remains.</summary>
public sealed class TunnelProgramTests : IClassFixture<LoadedPrograms>
{
    private const uint ActShot = 2, ActUnspec = uint.MaxValue;
    private const ushort Port = 6080, OtherPort = 6090;
    private readonly LoadedPrograms _programs;

    public TunnelProgramTests(LoadedPrograms programs)
    {
        _programs = programs;
        programs.Configure(LoadedPrograms.IpIp | LoadedPrograms.Gre | LoadedPrograms.Gue, [Port, OtherPort],
            RealServer.Director, RealServer.Director6, RealServer.SourcePrefix, RealServer.SourcePrefix6);
    }

    public static MatrixTheoryData<string, bool, bool> AllEncapsulations =>
        new(["ipip", "gre", "gue", "gue:6090", "gue with checksum"], [false, true], [false, true]);

    [Theory]
    [MemberData(nameof(AllEncapsulations))]
    public void Decapsulation_leaves_exactly_the_inner_packet(string kind, bool outer6, bool inner6)
    {
        var inner = Inner(inner6);
        var (returned, output) = _programs.Decapsulate(Encapsulated(kind, outer6, inner6, inner));
        Assert.Equal(ActUnspec, returned);
        Assert.Equal(Frame.Ethernet(Frame.NoMac, Frame.NoMac, inner6 ? Frame.Ip6 : Frame.Ip, inner), output);
        Assert.Equal("decapsulated", _programs.IncrementedCounter());
    }

    [Theory]
    [MemberData(nameof(AllEncapsulations))]
    public void A_packet_from_an_unknown_source_is_dropped(string kind, bool outer6, bool inner6)
    {
        var frame = Encapsulated(kind, outer6, inner6, Inner(inner6), outer6 ? RealServer.UnknownHost6
            : RealServer.UnknownHost);
        var (returned, output) = _programs.Decapsulate(frame);
        Assert.Equal(ActShot, returned);
        Assert.Equal(frame, output);
        Assert.Equal("rejectedSource", _programs.IncrementedCounter());
    }

    [Theory]
    [MemberData(nameof(AllEncapsulations))]
    public void Every_address_in_the_source_prefix_is_accepted_as_a_director(string kind, bool outer6, bool inner6)
    {
        var inner = Inner(inner6);
        var (_, output) =
            _programs.Decapsulate(Encapsulated(kind, outer6, inner6, inner, outer6 ? "2001:db8:5::77" : "198.18.7.7"));
        Assert.Equal(Frame.Ethernet(Frame.NoMac, Frame.NoMac, inner6 ? Frame.Ip6 : Frame.Ip, inner), output);
    }

    [Theory]
    [MemberData(nameof(AllEncapsulations))]
    public void A_packet_for_an_unknown_VIP_is_dropped(string kind, bool outer6, bool inner6)
    {
        var inner = inner6 ? Frame.IPv6(RealServer.Client6, "2001:db8:113::77", Frame.Udp, Frame.Datagram(1, 2, []))
            : Frame.IPv4(RealServer.Client, "192.0.2.77", Frame.Udp, Frame.Datagram(1, 2, []));
        Assert.Equal(ActShot, _programs.Decapsulate(Encapsulated(kind, outer6, inner6, inner)).Returned);
        Assert.Equal("rejectedVip", _programs.IncrementedCounter());
    }

    [Theory]
    [MemberData(nameof(AllEncapsulations))]
    public void A_truncated_packet_is_malformed(string kind, bool outer6, bool inner6)
    {
        var frame = Encapsulated(kind, outer6, inner6, Inner(inner6)[..^3]);
        Assert.Equal((ActShot, frame.Length), (_programs.Decapsulate(frame).Returned, frame.Length));
        Assert.Equal("malformed", _programs.IncrementedCounter());
    }

    [Fact]
    public void Every_address_in_a_VIP_prefix_is_a_VIP()
    {
        var inner = Frame.IPv4(RealServer.Client, "192.0.2.129", Frame.Udp, Frame.Datagram(1, 2, []));
        Assert.Equal(Frame.Ethernet(Frame.NoMac, Frame.NoMac, Frame.Ip, inner),
            _programs.Decapsulate(Encapsulated("gue", true, false, inner)).Output);
        Assert.Equal("decapsulated", _programs.IncrementedCounter());
    }

    /// <summary>RFC 6040, figure 4, for the pairs in which the mark changes or drops the packet, in either
    /// family.</summary>
    [Theory]
    [InlineData(false, false, 2, 3, 3)]
    [InlineData(true, false, 2, 3, 3)]
    [InlineData(false, true, 2, 3, 3)]
    [InlineData(true, true, 2, 3, 3)]
    [InlineData(true, true, 2, 1, 1)]
    [InlineData(true, true, 1, 3, 3)]
    [InlineData(true, true, 0, 3, -1)]
    [InlineData(false, true, 0, 2, 0)]
    public void ECN_marks_are_copied_from_the_outer_to_the_inner_header(bool outer6, bool inner6, int inner,
        int outer, int expected)
    {
        const byte dscp = 0xb8;
        var (returned, output) = _programs.Decapsulate(
            Encapsulated("ipip", outer6, inner6, Inner(inner6, (byte)(dscp | inner)), tos: (byte)(0x28 | outer)));
        Assert.Equal(expected < 0 ? "ecnDropped" : "decapsulated", _programs.IncrementedCounter());
        if (expected < 0)
            Assert.Equal(ActShot, returned);
        else
            Assert.Equal(Frame.Ethernet(Frame.NoMac, Frame.NoMac, inner6 ? Frame.Ip6 : Frame.Ip,
                Inner(inner6, (byte)(dscp | expected))), output);
    }

    public static TheoryData<string, byte[], uint, string?> NonDirectorFrames()
    {
        var data = new TheoryData<string, byte[], uint, string?>();
        byte[] V4(byte protocol, byte[] payload) =>
            Frame.Ethernet(Frame.NoMac, Frame.NoMac, Frame.Ip,
            Frame.IPv4(RealServer.Director, RealServer.Address, protocol, payload));
        byte[] V6(byte next, byte[] payload) =>
            Frame.Ethernet(Frame.NoMac, Frame.NoMac, Frame.Ip6,
            Frame.IPv6(RealServer.Director6, RealServer.Address6, next, payload));
        byte[] Udp(ushort port, byte[] content) => Frame.Datagram(50000, port, content);
        var inner = Inner(false);
        void Add(string name, byte[] frame, uint verdict, string? counter) => data.Add(name, frame, verdict, counter);

        Add("plain UDP to another port", V4(Frame.Udp, Udp(53, inner)), ActUnspec, null);
        Add("plain UDP over IPv6", V6(Frame.Udp, Udp(53, inner)), ActUnspec, null);
        Add("GRE with a key", V4(Frame.Gre, [0x20, 0, 8, 0, 0, 0, 0, 1, .. inner]), ActUnspec, "foreign");
        Add("GRE version 1", V4(Frame.Gre, [0, 1, 8, 0, .. inner]), ActUnspec, "foreign");
        Add("Ethernet in GRE", V4(Frame.Gre, [0, 0, 0x65, 0x58, .. inner]), ActUnspec, "foreign");
        Add("GRE cut short", V4(Frame.Gre, [0, 0]), ActShot, "malformed");
        Add("GUE variant 1", V4(Frame.Udp, Udp(Port, [0x40, 0, 0, 0, .. inner])), ActShot, "malformed");
        Add("GUE control message", V4(Frame.Udp, Udp(Port, [0x20, 4, 0, 0, .. inner])), ActShot, "malformed");
        Add("GUE with optional fields", V4(Frame.Udp, Udp(Port, [0x01, 4, 0x80, 0, 0, 0, 0, 0, .. inner])), ActShot,
            "malformed");
        Add("GUE with something else inside", V4(Frame.Udp, Udp(Port, [0, 6, 0, 0, .. inner])), ActShot, "malformed");
        Add("GUE cut short", V4(Frame.Udp, Udp(Port, [0, 4])), ActShot, "malformed");
        Add("GUE, UDP length", V4(Frame.Udp, WithByte(Udp(Port, [0, 4, 0, 0, .. inner]), 5, 9)), ActShot, "malformed");
        Add("IPv6 fragment of a tunnel", V6(44, [41, 0, 0, 1, 0, 0, 0, 9, .. Inner(true)]), ActUnspec, "outerFragment");
        Add("IPv6 fragment of TCP", V6(44, [6, 0, 0, 1, 0, 0, 0, 9, .. inner]), ActUnspec, null);
        Add("an IPv4 director in the form of IPv6", Frame.Ethernet(Frame.NoMac, Frame.NoMac, Frame.Ip6,
            Frame.IPv6("::ffff:" + RealServer.Director, RealServer.Address6, Frame.IpInIp, inner)), ActShot,
                "rejectedSource");
        return data;
    }

    [Theory]
    [MemberData(nameof(NonDirectorFrames))]
    public void Frames_that_no_director_sends_are_passed_or_dropped_unchanged(string name, byte[] frame, uint verdict,
        string? counter)
    {
        var (returned, output) = _programs.Decapsulate(frame);
        Assert.Equal((name, verdict), (name, returned));
        Assert.Equal(frame, output);
        Assert.Equal(counter, _programs.IncrementedCounter());
    }

    [Theory]
    [InlineData("gre", "otherKind")]
    [InlineData("gue", null)] // only a configured port distinguishes it from any other datagram
    public void An_encapsulation_missing_from_the_spec_passes_unchanged(string kind, string? counter)
    {
        _programs.Configure(LoadedPrograms.IpIp, [], RealServer.Director);
        var frame = Encapsulated(kind, false, false, Inner(false));
        Assert.Equal(frame, _programs.Decapsulate(frame).Output);
        Assert.Equal(counter, _programs.IncrementedCounter());
    }

    [Theory]
    [InlineData(false, false)]
    [InlineData(true, true)]
    [InlineData(true, false)]
    public void Connections_are_counted_after_decapsulation(bool outer6, bool inner6)
    {
        const byte syn = 2, ack = 16;
        foreach (var flags in new[] { syn, (byte)(syn | ack), ack })
        {
            var (from, to) = inner6 ? (RealServer.Client6, RealServer.Vip6) : (RealServer.Client, RealServer.Vip);
            var segment = Frame.Segment(from, to, flags);
            _programs.Decapsulate(
                Encapsulated("gre", outer6, inner6, inner6 ? Frame.IPv6(from, to, Frame.Tcp, segment)
                : Frame.IPv4(from, to, Frame.Tcp, segment)));
        }
        Assert.Equal((1ul, 0ul, 0ul), _programs.Traffic(inner6 ? 2 : 1));
    }

    [Fact]
    public void Layer_2_connections_are_counted()
    {
        _programs.Decapsulate(
            Frame.Ethernet(Frame.NoMac, Frame.NoMac, Frame.Ip,
            Frame.IPv4(RealServer.Client, RealServer.Vip, Frame.Tcp,
            Frame.Segment(RealServer.Client, RealServer.Vip, 2))));
        _programs.Decapsulate(
            Frame.Ethernet(Frame.NoMac, Frame.NoMac, Frame.Ip6,
            Frame.IPv6(RealServer.Client6, RealServer.Vip6, Frame.Tcp,
            Frame.Segment(RealServer.Client6, RealServer.Vip6, 2))));
        Assert.Equal((1ul, 1ul), (_programs.Traffic(1).Syn, _programs.Traffic(2).Syn));
        Assert.Null(_programs.IncrementedCounter());
    }

    private static byte[] Inner(bool ipv6, byte tos = 0) => ipv6
        ? Frame.IPv6(RealServer.Client6, RealServer.Vip6, Frame.Udp, Frame.Datagram(40000, 53, "hello"u8.ToArray()),
            tos)
        : Frame.IPv4(RealServer.Client, RealServer.Vip, Frame.Udp, Frame.Datagram(40000, 53, "hello"u8.ToArray()), tos);

    private static byte[] Encapsulated(string kind, bool outer6, bool inner6, byte[] inner, string? source = null,
        byte tos = 0)
    {
        var number = inner6 ? Frame.Ip6InIp : Frame.IpInIp;
        source ??= outer6 ? RealServer.Director6 : RealServer.Director;
        var destination = outer6 ? RealServer.Address6 : RealServer.Address;
        var (protocol, payload) = kind switch
        {
            "ipip" => (number, inner),
            "gre" => (Frame.Gre, [0, 0, .. inner6 ? new byte[] { 0x86, 0xdd } : [8, 0], .. inner]),
            _ => (Frame.Udp, Frame.Datagram(50000, kind == "gue:6090" ? OtherPort : Port, [0, number, 0, 0, .. inner])),
        };
        if (kind == "gue with checksum")
            BinaryPrimitives.WriteUInt16BigEndian(payload.AsSpan(6),
                Frame.TransportChecksum(source, destination, Frame.Udp, payload));
        return outer6
            ? Frame.Ethernet(Frame.NoMac, Frame.NoMac, Frame.Ip6,
            Frame.IPv6(source, destination, protocol, payload, tos))
            : Frame.Ethernet(Frame.NoMac, Frame.NoMac, Frame.Ip,
                Frame.IPv4(source, destination, protocol, payload, tos));
    }

    private static byte[] WithByte(byte[] bytes, int at, byte value)
    {
        bytes[at] = value;
        return bytes;
    }
}
