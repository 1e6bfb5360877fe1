using System.Net;
using Sidestep.Control.Doctor;
using Sidestep.Daemon.Doctor;
using Sidestep.Forwarding;
using Sidestep.Model;
using Sidestep.UnitTests.Control;

namespace Sidestep.UnitTests.Daemon.Doctor;

public sealed class ProberTests
{
    private const string Vip = "203.0.113.10", Server = "10.0.0.11", Director = "10.0.0.2";
    private readonly ManualTime _time = new();
    private readonly FakeFrames _frames = FakeFrames.Open();
    private readonly Prober _prober;

    public ProberTests() => _prober = new Prober(_frames, _time, new Random(1));

    [Fact]
    public async Task Answered_handshake_has_MSS_and_TTL_and_is_reset()
    {
        _frames.Replies = sent => Flags(sent) == 2 ? [Reply(sent, 0x12, "020405a0")] : null;
        var probe = Tcp();
        Assert.Equal(TimeSpan.Zero, await RunAsync(probe));
        Assert.Equal(new ProbeEvidence(ProbeReply.Answered, IPAddress.Parse(Vip), 1440, "TTL 61"), probe.Evidence);
        Assert.Equal(61, probe.Ttl);
        Assert.Equal([2, 4], _frames.Sent.Select(static s => Flags(s.Frame)));
        var (syn, reset) = (FrameBytes.Packet(_frames.Sent[0].Frame), FrameBytes.Packet(_frames.Sent[1].Frame));
        Assert.Equal(Sequence(syn) + 1, Sequence(reset));
        Assert.Equal(syn[20..24], reset[20..24]);
    }

    [Fact]
    public async Task SYN_ACK_without_MSS_option_gives_no_MSS()
    {
        _frames.Replies = sent => Flags(sent) == 2 ? [Reply(sent, 0x12)] : null;
        var probe = Tcp();
        await RunAsync(probe);
        Assert.Null(probe.Evidence!.Mss);
    }

    [Fact]
    public async Task Reset_is_a_refusal_and_is_not_answered()
    {
        _frames.Replies = static sent => [Reply(sent, 0x14)];
        var probe = Tcp();
        await RunAsync(probe);
        Assert.Equal(new ProbeEvidence(ProbeReply.Refused, IPAddress.Parse(Vip), null, "reset"), probe.Evidence);
        Assert.Single(_frames.Sent);
    }

    [Theory]
    [InlineData(0x12)]
    [InlineData(0x14)]
    public async Task Reply_from_another_source_counts_until_one_from_the_VIP_arrives(int flags)
    {
        _frames.Replies = sent => Flags(sent) == 2 ? [Reply(sent, flags, from: Server)] : null;
        var probe = Tcp();
        await RunAsync(probe);
        Assert.Equal((ProbeReply.OtherSource, IPAddress.Parse(Server)), (probe.Evidence!.Reply, probe.Evidence.From));

        _frames.Replies = sent => Flags(sent) == 2
            ? [Reply(sent, flags, from: Server), Reply(sent, 0x12), Reply(sent, 0x14)] : null;
        probe = Tcp();
        await RunAsync(probe);
        Assert.Equal(ProbeReply.Answered, probe.Evidence!.Reply);
    }

    [Fact]
    public async Task Replies_to_other_ports_or_addresses_and_echo_replies_are_ignored()
    {
        _frames.Replies = sent => Flags(sent) != 2 ? null :
        [
            FrameBytes.Frame(FrameBytes.Ip(Vip, Director, 6, FrameBytes.Tcp(80, 80, 0x12))),
            FrameBytes.Frame(FrameBytes.Ip(Vip, "10.0.0.9", 6, FrameBytes.Tcp(80, Port(sent), 0x12))),
            FrameBytes.Frame(FrameBytes.Ip(Vip, Director, 1, FrameBytes.Hex($"00000000{Port(sent):x4}0001"))),
            FrameBytes.Frame(FrameBytes.Ip(Vip, Director, 17, FrameBytes.Udp(80, Port(sent)))),
            new byte[14],
        ];
        var probe = Tcp();
        await RunAsync(probe);
        Assert.Equal(ProbeReply.NoReply, probe.Evidence!.Reply);
    }

    [Fact]
    public async Task Silent_TCP_is_sent_four_times_in_2500_ms_and_reset_at_the_end()
    {
        var times = new List<TimeSpan>();
        _frames.Replies = _ =>
        {
            times.Add(TimeSpan.FromTicks(_time.GetTimestamp()));
            return null;
        };
        var probe = Tcp();
        Assert.Equal(2.5, (await RunAsync(probe)).TotalSeconds, 0.03);
        Assert.Equal(new ProbeEvidence(ProbeReply.NoReply, Detail: "sent several times"), probe.Evidence);
        Assert.Equal([2, 2, 2, 2, 4], _frames.Sent.Select(static s => Flags(s.Frame)));
        Assert.Equal([0, 250, 600, 1200, 2500], times.Select(static t => (int)t.TotalMilliseconds / 50 * 50));
    }

    [Fact]
    public async Task Silent_UDP_ends_after_1200_milliseconds_without_a_reset()
    {
        var probe = Udp(5353);
        Assert.Equal(1.2, (await RunAsync(probe)).TotalSeconds, 0.03);
        Assert.Equal(ProbeReply.NoReply, probe.Evidence!.Reply);
        Assert.Equal(3, _frames.Sent.Count);
        Assert.All(_frames.Sent, static s => Assert.Equal("sidestep doctor"u8.ToArray(), s.Frame[42..]));
    }

    /// <summary>RFC 1035 section 4.1: one question, the root, type NS, class IN.</summary>
    [Fact]
    public async Task UDP_port_53_is_sent_a_DNS_query()
    {
        var probe = Udp(53);
        await RunAsync(probe);
        Assert.Equal(FrameBytes.Hex("51de 0000 0001 0000 0000 0000 00 0002 0001"), _frames.Sent[0].Frame[42..]);
    }

    [Fact]
    public async Task UDP_reply_and_port_unreachable_are_recognised()
    {
        _frames.Replies = static sent =>
            [FrameBytes.Frame(FrameBytes.Ip(Vip, Director, 17, FrameBytes.Udp(5353, Port(sent)), ttl: 60))];
        var answered = Udp(5353);
        await RunAsync(answered);
        Assert.Equal(new ProbeEvidence(ProbeReply.Answered, IPAddress.Parse(Vip), null, "TTL 60"), answered.Evidence);

        _frames.Replies = static sent =>
            [FrameBytes.Frame(
            FrameBytes.Ip(Server, Director, 1, [.. FrameBytes.Hex("0303000000000000"), .. FrameBytes.Packet(sent)]))];
        var refused = Udp(5353);
        await RunAsync(refused);
        Assert.Equal(new ProbeEvidence(ProbeReply.Refused, IPAddress.Parse(Server), null, "port unreachable"),
            refused.Evidence);
    }

    [Fact]
    public async Task Probes_have_different_ports_above_61000_and_their_encapsulation()
    {
        var probes = Enumerable.Range(0, 50).Select(static _ => Tcp()).ToArray();
        probes[7] = Tcp(new Encap(ForwardingMode.IpIp));
        _frames.Replies = static sent => sent[23] == 4 ? null : [Reply(sent, 0x14)];
        await RunAsync(probes);
        Assert.Equal(50, probes.Select(static p => p.From!.Port).Distinct().Count());
        Assert.All(probes, static p => Assert.InRange(p.From!.Port, 61_000, 65_535));
        Assert.Equal(5, _frames.Sent.Count(static s => s.Frame[23] == 4));
        Assert.Equal(ProbeReply.NoReply, probes[7].Evidence!.Reply);
    }

    [Fact]
    public async Task Probe_without_a_source_or_on_an_interface_that_is_down_is_not_sent()
    {
        var noAddress = new Probe
        {
            NextHop = new NextHop(TestDirector.Eth0 with { Address = null }, TestDirector.Web1),
            Server = IPAddress.Parse(Server),
            To = new IPEndPoint(IPAddress.Parse(Vip), 80),
            Protocol = TransportProtocol.Tcp,
        };
        await RunAsync(noAddress);
        Assert.Equal(new ProbeEvidence(ProbeReply.NotSent, Detail: "'eth0' has no address of the VIP's family"),
            noAddress.Evidence);

        _frames.Sends = false;
        var down = Tcp();
        Assert.Equal(TimeSpan.Zero, await RunAsync(down));
        Assert.Equal(
            new ProbeEvidence(ProbeReply.NotSent, Detail: "'eth0' does not send, or there is no outer source"),
            down.Evidence);
    }

    [Fact]
    public async Task Receiving_ends_when_the_condition_holds_or_the_timeout_is_over()
    {
        var token = TestContext.Current.CancellationToken;
        var seen = 0;
        _frames.Arrive(2, FrameBytes.Frame(FrameBytes.Ip(Vip, Director, 17, FrameBytes.Udp(1, 2))));
        await _prober.ReceiveUntilAsync(() => seen > 0, TimeSpan.FromSeconds(9), _ => seen++, token);
        Assert.Equal(1, seen);
        var timeout = _prober.ReceiveUntilAsync(static () => false, TimeSpan.FromSeconds(1), _ => seen++, token);
        Assert.Equal(1, (await _time.CompleteAsync(timeout)).TotalSeconds, 0.01);
    }

    private async Task<TimeSpan> RunAsync(params Probe[] probes) =>
        await _time.CompleteAsync(_prober.RunAsync(probes, TestContext.Current.CancellationToken));

    private static Probe Tcp(Encap? encap = null) => Probe(80, TransportProtocol.Tcp, encap);

    private static Probe Udp(int port) => Probe(port, TransportProtocol.Udp, Encap.Layer2);

    private static Probe Probe(int port, TransportProtocol protocol, Encap? encap) => new()
    {
        NextHop = new NextHop(TestDirector.Eth0, TestDirector.Web1),
        Encap = encap,
        Server = IPAddress.Parse(Server),
        To = new IPEndPoint(IPAddress.Parse(Vip), port),
        Protocol = protocol,
    };

    private static int Flags(byte[] frame) => frame[23] == 6 ? frame[47] : -1;

    private static int Port(byte[] frame) => frame[34] << 8 | frame[35];

    private static uint Sequence(byte[] packet) =>
        System.Buffers.Binary.BinaryPrimitives.ReadUInt32BigEndian(packet.AsSpan(24));

    private static byte[] Reply(byte[] sent, int flags, string options = "", string from = Vip) =>
        FrameBytes.Frame(FrameBytes.Ip(from, Director, 6, FrameBytes.Tcp(80, Port(sent), flags, options), ttl: 61));
}
