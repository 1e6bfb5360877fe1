namespace Sidestep.SystemTests.Agent.Programs;

/// <summary>The decapsulation program itself, packet by packet (BPF_PROG_TEST_RUN): verdict, frame, and exactly one
/// counter.</summary>
public sealed class DecapsulationProgramTests : IClassFixture<LoadedPrograms>
{
    private const uint ActShot = 2, ActUnspec = uint.MaxValue;
    private const string Vip = RealServer.Vip, Director = RealServer.Director, Address = RealServer.Address,
        Client = RealServer.Client;
    private readonly LoadedPrograms _programs;

    public DecapsulationProgramTests(LoadedPrograms programs)
    {
        _programs = programs;
        programs.Configure(LoadedPrograms.IpIp, [], Director);
    }

    /// <summary>Names as in the agent's JSON; null: nothing is counted.</summary>
    public static TheoryData<string, byte[], uint, string?> UnchangedPackets()
    {
        var data = new TheoryData<string, byte[], uint, string?>();
        void Add(string name, byte[] packet, uint verdict, string? counter) => data.Add(name, packet, verdict, counter);

        Add("not encapsulated", Inner(), ActUnspec, null);
        Add("another protocol (SCTP)", Outer(Inner(), protocol: 132), ActUnspec, null);
        Add("not for this host, from an unknown host",
            Outer(Inner(), source: RealServer.UnknownHost, destination: "10.0.1.99"), ActUnspec, null);
        Add("not for this host, from a director", Outer(Inner(), destination: "10.0.1.99"), ActUnspec,
            "rejectedDestination");
        Add("from an unknown host to the VIP", Outer(Inner(), source: RealServer.UnknownHost), ActShot,
            "rejectedSource");
        Add("from an unknown host to another address: another tunnel",
            Outer(Inner("192.0.2.1"), source: RealServer.UnknownHost), ActUnspec, "foreign");
        Add("IPv6 under the protocol number of IPv4, from an unknown host",
            Outer(IPv6Packet(), source: RealServer.UnknownHost), ActUnspec, "foreign");
        Add("from a director to another VIP", Outer(Inner(RealServer.OtherVip)), ActShot, "rejectedVip");
        Add("from a director to the server itself", Outer(Inner(Address)), ActShot, "rejectedVip");
        Add("first fragment", Outer(Inner(), fragment: 0x2000), ActUnspec, "outerFragment");
        Add("last fragment", Outer(Inner(), fragment: 0x0003), ActUnspec, "outerFragment");
        Add("fragment from an unknown host", Outer(Inner(), source: RealServer.UnknownHost, fragment: 0x2000),
            ActUnspec, "foreign");
        Add("IPv6 under the protocol number of IPv4", Outer(IPv6Packet()), ActShot, "malformed");
        Add("nothing inside", Outer([]), ActShot, "malformed");
        Add("truncated inner header", Outer(Inner()[..12]), ActShot, "malformed");
        Add("outer checksum", WithByte(Outer(Inner()), 10, 0x55), ActShot, "malformed");
        Add("outer length beyond the frame", WithOuterLength(Outer(Inner()), 200), ActShot, "malformed");
        Add("outer length shorter than the inner", WithOuterLength(Outer(Inner()), 30), ActShot, "malformed");
        Add("inner header length", Outer(WithByte(Inner(), 0, 0x44)), ActShot, "malformed");
        Add("inner length shorter than its header", Outer(WithByte(Inner(), 3, 19)), ActShot, "malformed");
        Add("outer header length", WithByte(Outer(Inner()), 0, 0x44), ActUnspec, null);
        Add("outer version", WithByte(Outer(Inner()), 0, 0x65), ActUnspec, null);
        return data;
    }

    [Theory]
    [MemberData(nameof(UnchangedPackets))]
    public void Packets_not_to_be_decapsulated_are_passed_or_dropped_unchanged(string name, byte[] packet,
        uint verdict, string? counter)
    {
        var frame = Frame.Ethernet(Frame.NoMac, Frame.NoMac, Frame.Ip, packet);
        var (returned, output) = Run(frame);
        Assert.Equal((name, verdict), (name, returned));
        Assert.Equal(frame, output);
        Assert.Equal(counter, IncrementedCounter());
    }

    [Fact]
    public void A_frame_for_another_MAC_address_passes_uncounted()
    {
        var (returned, _) = Run(Frame.Ethernet([2, 0, 0, 0, 0, 9], Frame.NoMac, Frame.Ip, Outer(Inner())));
        Assert.Equal(ActUnspec, returned);
        Assert.Null(IncrementedCounter());
    }

    [Theory]
    [InlineData(0)]
    [InlineData(4)]
    [InlineData(40)]
    public void Decapsulation_leaves_exactly_the_inner_packet(int optionBytes)
    {
        var inner = Inner();
        var (returned, output) =
            Run(Frame.Ethernet(Frame.NoMac, Frame.NoMac, Frame.Ip, Outer(inner, options: new byte[optionBytes])));
        Assert.Equal(ActUnspec, returned);
        Assert.Equal(Frame.Ethernet(Frame.NoMac, Frame.NoMac, Frame.Ip, inner), output);
        Assert.Equal("decapsulated", IncrementedCounter());
    }

    [Fact]
    public void Padding_of_a_short_frame_stays_behind_the_inner_packet()
    {
        var inner = Inner();
        var frame = Frame.Ethernet(Frame.NoMac, Frame.NoMac, Frame.Ip, [.. Outer(inner), 0, 0, 0, 0, 0, 0]);
        Assert.Equal(Frame.Ethernet(Frame.NoMac, Frame.NoMac, Frame.Ip, [.. inner, 0, 0, 0, 0, 0, 0]),
            Run(frame).Output);
    }

    /// <summary>RFC 6040, figure 4: rows are the inner mark (Not-ECT, ECT(1), ECT(0), CE by value), columns the outer;
    /// -1: dropped.</summary>
    private static readonly int[,] ExpectedEcn =
    {
        { 0, 0, 0, -1 },
        { 1, 1, 1, 3 },
        { 2, 1, 2, 3 },
        { 3, 3, 3, 3 },
    };

    public static MatrixTheoryData<int, int> EcnPairs => new([0, 1, 2, 3], [0, 1, 2, 3]);

    [Theory]
    [MemberData(nameof(EcnPairs))]
    public void ECN_marks_are_copied_from_the_outer_to_the_inner_header(int inner, int outer)
    {
        const byte dscpInside = 0xb8, dscpOutside = 0x28;
        var expected = ExpectedEcn[inner, outer];
        var packet = Outer(Inner(tos: (byte)(dscpInside | inner)), tos: (byte)(dscpOutside | outer));
        var (returned, output) = Run(Frame.Ethernet(Frame.NoMac, Frame.NoMac, Frame.Ip, packet));
        if (expected < 0)
        {
            Assert.Equal(ActShot, returned);
            Assert.Equal("ecnDropped", IncrementedCounter());
            return;
        }
        // The expected frame has a valid header checksum.
        Assert.Equal(Frame.Ethernet(Frame.NoMac, Frame.NoMac, Frame.Ip, Inner(tos: (byte)(dscpInside | expected))),
            output);
        Assert.Equal("decapsulated", IncrementedCounter());
    }

    private static byte[] Inner(string destination = Vip, byte tos = 0) =>
        Frame.IPv4(Client, destination, Frame.Udp, Frame.Datagram(40000, 53, "hello"u8.ToArray()), tos);

    private static byte[] Outer(byte[] inner, string source = Director, string destination = Address,
        byte protocol = Frame.IpInIp,
        byte tos = 0, byte[]? options = null, ushort fragment = 0) =>
            Frame.IPv4(source, destination, protocol, inner, tos, options, fragment);

    private static byte[] IPv6Packet() => [0x60, .. new byte[39]];

    private static byte[] WithByte(byte[] packet, int at, byte value)
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

    private string? IncrementedCounter() => _programs.IncrementedCounter();
}
