namespace Sidestep.SystemTests.Agent.Programs;

/// <summary>The egress program, packet by packet: it lowers the MSS in SYN-ACKs of VIPs, and changes nothing
/// else.</summary>
public sealed class ReplyProgramTests : IClassFixture<LoadedPrograms>
{
    private const uint ActShot = 2, ActUnspec = uint.MaxValue;
    private const byte Syn = 2, Reset = 4, Ack = 16;
    private readonly LoadedPrograms _programs;

    public ReplyProgramTests(LoadedPrograms programs)
    {
        _programs = programs;
        programs.Configure(0, []);
    }

    /// <summary>The options before the MSS, and the MSS. The limits of the VIPs are 1,400 (IPv4) and 1,300
    /// (IPv6).</summary>
    public static TheoryData<bool, byte[], int, int> MssOffers => new()
    {
        { false, [], 1460, 1400 },
        { false, [], 1401, 1400 },
        { false, [], 1400, 1400 },
        { false, [], 536, 536 },
        { true, [], 1440, 1300 },
        { true, [], 1220, 1220 },
        { false, [1], 1460, 1400 }, // at an odd offset
        { true, [1, 1, 1], 9000, 1300 },
        { false, [4, 2, 3, 3, 7], 1460, 1400 }, // selective acknowledgements, window scale
        { false, [8, 10, 1, 2, 3, 4, 5, 6, 7, 8, 1], 1460, 1400 }, // timestamps
    };

    [Theory]
    [MemberData(nameof(MssOffers))]
    public void The_MSS_of_a_SYN_ACK_is_clamped_to_the_limit_of_the_VIP(bool ipv6, byte[] before, int offered,
        int expected)
    {
        var (returned, output) = _programs.Reply(SynAck(ipv6, before, offered));
        Assert.Equal(ActUnspec, returned);
        // Both frames have valid checksums.
        Assert.Equal(SynAck(ipv6, before, expected), output);
        Assert.Equal(offered == expected ? null : "mssLowered", _programs.IncrementedCounter());
        Assert.Equal((0ul, 1ul, 0ul), _programs.Traffic(ipv6 ? 2 : 1));
    }

    public static TheoryData<string, byte[]> UnchangedFrames()
    {
        byte[] mss = [2, 4, 0x23, 0x28];
        return new()
        {
            { "a SYN-ACK of the server itself",
                V4(RealServer.Address, Frame.Segment(RealServer.Address, RealServer.Client, Syn | Ack, mss)) },
            { "a SYN of the VIP", V4(RealServer.Vip, Frame.Segment(RealServer.Vip, RealServer.Client, Syn, mss)) },
            { "data of the VIP", V4(RealServer.Vip, Frame.Segment(RealServer.Vip, RealServer.Client, Ack, mss)) },
            { "no MSS in it", V4(RealServer.Vip, Frame.Segment(RealServer.Vip, RealServer.Client, Syn | Ack)) },
            { "an option that ends behind the header",
                V4(RealServer.Vip, Frame.Segment(RealServer.Vip, RealServer.Client, Syn | Ack, [8, 200, 2, 4])) },
            { "an option of length 0",
                V4(RealServer.Vip, Frame.Segment(RealServer.Vip, RealServer.Client, Syn | Ack, [30, 0, 2, 4])) },
            { "the end of the options before it",
                V4(RealServer.Vip,
                Frame.Segment(RealServer.Vip, RealServer.Client, Syn | Ack, [0, 2, 4, 9, 9, 0, 0, 0])) },
            { "a VIP without a limit",
                V4("192.0.2.129", Frame.Segment("192.0.2.129", RealServer.Client, Syn | Ack, mss)) },
        };
    }

    [Theory]
    [MemberData(nameof(UnchangedFrames))]
    public void Other_packets_are_not_changed(string name, byte[] frame)
    {
        var (returned, output) = _programs.Reply(frame);
        Assert.Equal((name, ActUnspec), (name, returned));
        Assert.Equal(frame, output);
        Assert.Null(_programs.IncrementedCounter());
    }

    [Fact]
    public void Resets_sent_from_a_VIP_are_counted()
    {
        _programs.Reply(V4(RealServer.Vip, Frame.Segment(RealServer.Vip, RealServer.Client, Reset | Ack)));
        _programs.Reply(V4(RealServer.Address, Frame.Segment(RealServer.Address, RealServer.Client, Reset | Ack)));
        Assert.Equal((0ul, 0ul, 1ul), _programs.Traffic(1));
    }

    [Theory]
    [InlineData(136, RealServer.Vip6, ActShot, "advertisement")]
    [InlineData(136, RealServer.Address6, ActUnspec, null)]
    [InlineData(135, RealServer.Vip6, ActUnspec, null)]
    public void Neighbour_advertisements_for_a_VIP_are_dropped_at_egress(byte type, string target, uint verdict,
        string? counter)
    {
        var (returned, _) =
            _programs.Reply(Frame.Ethernet(Frame.NoMac, Frame.NoMac, Frame.Ip6,
            Frame.Neighbour(type, RealServer.Address6, "ff02::1", target)));
        Assert.Equal(verdict, returned);
        Assert.Equal(counter, _programs.IncrementedCounter());
    }

    [Theory]
    [InlineData(135, RealServer.Vip6, ActShot, "solicitation")]
    [InlineData(135, RealServer.Address6, ActUnspec, null)]
    [InlineData(136, RealServer.Vip6, ActUnspec, null)]
    public void Neighbour_solicitations_for_a_VIP_are_dropped_at_ingress(byte type, string target, uint verdict,
        string? counter)
    {
        var (returned, _) =
            _programs.Decapsulate(Frame.Ethernet(Frame.NoMac, Frame.NoMac, Frame.Ip6,
            Frame.Neighbour(type, RealServer.Director6, "ff02::1:ff00:10", target)));
        Assert.Equal(verdict, returned);
        Assert.Equal(counter, _programs.IncrementedCounter());
    }

    private static byte[] SynAck(bool ipv6, byte[] before, int mss)
    {
        byte[] options = [.. before, 2, 4, (byte)(mss >> 8), (byte)mss];
        options = [.. options, .. Enumerable.Repeat((byte)0, (4 - options.Length % 4) % 4)];
        return ipv6 ? Frame.Ethernet(Frame.NoMac, Frame.NoMac, Frame.Ip6,
            Frame.IPv6(RealServer.Vip6, RealServer.Client6, Frame.Tcp,
            Frame.Segment(RealServer.Vip6, RealServer.Client6, Syn | Ack, options)))
            : V4(RealServer.Vip, Frame.Segment(RealServer.Vip, RealServer.Client, Syn | Ack, options));
    }

    private static byte[] V4(string source, byte[] segment) =>
        Frame.Ethernet(Frame.NoMac, Frame.NoMac, Frame.Ip, Frame.IPv4(source, RealServer.Client, Frame.Tcp, segment));
}
