namespace Sidestep.SystemTests.Agent;

/// <summary>The decapsulation program itself, packet by packet (BPF_PROG_TEST_RUN): verdict, frame, and exactly one counter.</summary>
public sealed class ProgramTests : IClassFixture<LoadedPrograms>
{
    private const uint Dropped = 2, LeftAlone = uint.MaxValue;
    private const string Vip = RealServer.Vip, Director = RealServer.Director, Address = RealServer.Address, Client = RealServer.Client;
    private readonly LoadedPrograms _programs;

    public ProgramTests(LoadedPrograms programs)
    {
        _programs = programs;
        programs.Agree(LoadedPrograms.IpIp, [], Director);
    }

    /// <summary>Names as in the agent's JSON; null: nothing is counted.</summary>
    public static TheoryData<string, byte[], uint, string?> Untouched()
    {
        var data = new TheoryData<string, byte[], uint, string?>();
        void Add(string name, byte[] packet, uint verdict, string? counter) => data.Add(name, packet, verdict, counter);

        Add("not encapsulated", Inner(), LeftAlone, null);
        Add("another protocol (SCTP)", Outer(Inner(), protocol: 132), LeftAlone, null);
        Add("not for this host, from a stranger", Outer(Inner(), source: RealServer.Stranger, destination: "10.0.1.99"), LeftAlone, null);
        Add("not for this host, from a director", Outer(Inner(), destination: "10.0.1.99"), LeftAlone, "refusedDestination");
        Add("a stranger to the VIP", Outer(Inner(), source: RealServer.Stranger), Dropped, "refusedSource");
        Add("a stranger to elsewhere: another tunnel", Outer(Inner("192.0.2.1"), source: RealServer.Stranger), LeftAlone, "foreign");
        Add("a stranger's IPv6 under the number of IPv4", Outer(Version6(), source: RealServer.Stranger), LeftAlone, "foreign");
        Add("a director to another VIP", Outer(Inner(RealServer.OtherVip)), Dropped, "refusedVip");
        Add("a director to the server itself", Outer(Inner(Address)), Dropped, "refusedVip");
        Add("first fragment", Outer(Inner(), fragment: 0x2000), LeftAlone, "outerFragment");
        Add("last fragment", Outer(Inner(), fragment: 0x0003), LeftAlone, "outerFragment");
        Add("a stranger's fragment", Outer(Inner(), source: RealServer.Stranger, fragment: 0x2000), LeftAlone, "foreign");
        Add("IPv6 under the number of IPv4", Outer(Version6()), Dropped, "malformed");
        Add("nothing inside", Outer([]), Dropped, "malformed");
        Add("half a header inside", Outer(Inner()[..12]), Dropped, "malformed");
        Add("outer checksum", Change(Outer(Inner()), 10, 0x55), Dropped, "malformed");
        Add("outer length beyond the frame", WithOuterLength(Outer(Inner()), 200), Dropped, "malformed");
        Add("outer length shorter than the inner", WithOuterLength(Outer(Inner()), 30), Dropped, "malformed");
        Add("inner header length", Outer(Change(Inner(), 0, 0x44)), Dropped, "malformed");
        Add("inner length shorter than its header", Outer(Change(Inner(), 3, 19)), Dropped, "malformed");
        Add("outer header length", Change(Outer(Inner()), 0, 0x44), LeftAlone, null);
        Add("outer version", Change(Outer(Inner()), 0, 0x65), LeftAlone, null);
        return data;
    }

    [Theory]
    [MemberData(nameof(Untouched))]
    public void APacketThatIsNotForTheVipIsNotChanged(string name, byte[] packet, uint verdict, string? counter)
    {
        var frame = Frame.Ethernet(Frame.NoMac, Frame.NoMac, Frame.Ip, packet);
        var (returned, output) = Run(frame);
        Assert.Equal((name, verdict), (name, returned));
        Assert.Equal(frame, output);
        Assert.Equal(counter, Moved());
    }

    [Fact]
    public void AFrameForAnotherMacIsLeftAlone()
    {
        var (returned, _) = Run(Frame.Ethernet([2, 0, 0, 0, 0, 9], Frame.NoMac, Frame.Ip, Outer(Inner())));
        Assert.Equal(LeftAlone, returned);
        Assert.Null(Moved());
    }

    [Theory]
    [InlineData(0)]
    [InlineData(4)]
    [InlineData(40)]
    public void TheInnerPacketIsWhatRemains(int optionBytes)
    {
        var inner = Inner();
        var (returned, output) = Run(Frame.Ethernet(Frame.NoMac, Frame.NoMac, Frame.Ip, Outer(inner, options: new byte[optionBytes])));
        Assert.Equal(LeftAlone, returned);
        Assert.Equal(Frame.Ethernet(Frame.NoMac, Frame.NoMac, Frame.Ip, inner), output);
        Assert.Equal("decapsulated", Moved());
    }

    [Fact]
    public void PaddingOfAShortFrameStaysBehindTheInnerPacket()
    {
        var inner = Inner();
        var frame = Frame.Ethernet(Frame.NoMac, Frame.NoMac, Frame.Ip, [.. Outer(inner), 0, 0, 0, 0, 0, 0]);
        Assert.Equal(Frame.Ethernet(Frame.NoMac, Frame.NoMac, Frame.Ip, [.. inner, 0, 0, 0, 0, 0, 0]), Run(frame).Output);
    }

    /// <summary>RFC 6040, figure 4: rows are the inner mark (Not-ECT, ECT(1), ECT(0), CE by value), columns the outer; -1: dropped.</summary>
    private static readonly int[,] MarkAfter =
    {
        { 0, 0, 0, -1 },
        { 1, 1, 1, 3 },
        { 2, 1, 2, 3 },
        { 3, 3, 3, 3 },
    };

    public static MatrixTheoryData<int, int> EveryPairOfMarks => new([0, 1, 2, 3], [0, 1, 2, 3]);

    [Theory]
    [MemberData(nameof(EveryPairOfMarks))]
    public void CongestionMarksAreCarriedInward(int inner, int outer)
    {
        const byte dscpInside = 0xb8, dscpOutside = 0x28;
        var expected = MarkAfter[inner, outer];
        var packet = Outer(Inner(tos: (byte)(dscpInside | inner)), tos: (byte)(dscpOutside | outer));
        var (returned, output) = Run(Frame.Ethernet(Frame.NoMac, Frame.NoMac, Frame.Ip, packet));
        if (expected < 0)
        {
            Assert.Equal(Dropped, returned);
            Assert.Equal("ecnDropped", Moved());
            return;
        }
        // Also says that the header's checksum is right.
        Assert.Equal(Frame.Ethernet(Frame.NoMac, Frame.NoMac, Frame.Ip, Inner(tos: (byte)(dscpInside | expected))), output);
        Assert.Equal("decapsulated", Moved());
    }

    private static byte[] Inner(string destination = Vip, byte tos = 0) =>
        Frame.IPv4(Client, destination, Frame.Udp, Frame.Datagram(40000, 53, "hello"u8.ToArray()), tos);

    private static byte[] Outer(byte[] inner, string source = Director, string destination = Address, byte protocol = Frame.IpInIp,
        byte tos = 0, byte[]? options = null, ushort fragment = 0) => Frame.IPv4(source, destination, protocol, inner, tos, options, fragment);

    private static byte[] Version6() => [0x60, .. new byte[39]];

    private static byte[] Change(byte[] packet, int at, byte value)
    {
        packet[at] = value;
        return packet;
    }

    private static byte[] WithOuterLength(byte[] packet, byte length)
    {
        (packet[2], packet[3], packet[10], packet[11]) = (0, length, 0, 0);
        var sum = Frame.Checksum(packet.AsSpan(0, 20));
        (packet[10], packet[11]) = ((byte)(sum >> 8), (byte)sum);
        return packet;
    }

    private (uint Returned, byte[] Output) Run(byte[] frame) => _programs.Decapsulate(frame);

    private string? Moved() => _programs.Moved();
}
