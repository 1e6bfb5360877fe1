using System.Net;
using Sidestep.Control.Doctor;
using Sidestep.Daemon.Doctor;
using Sidestep.Forwarding;
using Sidestep.Model;
using Sidestep.UnitTests.Control;

namespace Sidestep.UnitTests.Daemon.Doctor;

public sealed class PacketSizeProberTests
{
    private const string Vip = "203.0.113.10", Director = "10.0.0.2";
    private readonly ManualTime _time = new();
    private readonly FakeFrames _frames = FakeFrames.Open();
    private readonly Prober _prober;

    public PacketSizeProberTests() => _prober = new Prober(_frames, _time, new Random(1));

    [Fact]
    public async Task Path_that_passes_the_expected_size_needs_one_round()
    {
        _frames.Replies = static sent => [EchoReply(sent)];
        var search = PacketSizeSearchTests.Search(1500);
        Assert.Equal(TimeSpan.Zero, await RunAsync(search));
        Assert.Equal(new PacketSizeEvidence(1500, 1500, null), search.Evidence);
        Assert.Equal([1514, 1514], _frames.Sent.Select(static s => s.Frame.Length));
        Assert.Equal(_frames.Sent[0].Frame, _frames.Sent[1].Frame);
    }

    [Fact]
    public async Task Smaller_path_is_found_and_the_expected_size_is_tried_once_more()
    {
        _frames.Replies = static sent => sent.Length - 14 <= 1400 ? [EchoReply(sent)] : null;
        var search = PacketSizeSearchTests.Search(1500);
        await RunAsync(search);
        Assert.InRange(search.Evidence.PassedBytes!.Value, 1392, 1400);
        Assert.All(_frames.Sent.TakeLast(3), static s => Assert.Equal(1514, s.Frame.Length));
        Assert.Equal(5, _frames.Sent.Count(static s => s.Frame.Length == 1514));
    }

    [Fact]
    public async Task Success_of_the_last_try_counts()
    {
        var large = 0;
        _frames.Replies = sent => sent.Length < 1514 || ++large > 2 ? [EchoReply(sent)] : null;
        var search = PacketSizeSearchTests.Search(1500);
        await RunAsync(search);
        Assert.Equal(1500, search.Evidence.PassedBytes);
    }

    [Fact]
    public async Task Silent_path_ends_after_two_rounds()
    {
        var search = PacketSizeSearchTests.Search(1500);
        Assert.Equal(0.6, (await RunAsync(search)).TotalSeconds, 0.03);
        Assert.Equal(new PacketSizeEvidence(1500, null, null), search.Evidence);
        Assert.Equal([1514, 1514, 214, 214], _frames.Sent.Select(static s => s.Frame.Length));
    }

    [Theory]
    [InlineData(Vip, 0x51df)] // another identifier
    [InlineData("203.0.113.11", 0x51de)] // another VIP
    public async Task Replies_to_others_do_not_count(string from, int id)
    {
        _frames.Replies = sent => [FrameBytes.Frame(FrameBytes.Ip(from, Director, 1,
            FrameBytes.Hex($"00000000{id:x4}{Convert.ToHexString(sent[40..42])}")))];
        var search = PacketSizeSearchTests.Search(1500);
        await RunAsync(search);
        Assert.Null(search.Evidence.PassedBytes);
    }

    [Fact]
    public async Task Interface_without_an_address_of_the_VIPs_family_passes_nothing()
    {
        var search = new PacketSizeSearch
        {
            NextHop = new NextHop(TestDirector.Eth0 with { Address = null }, TestDirector.Web1),
            Encap = Encap.Layer2,
            Server = IPAddress.Parse("10.0.0.11"),
            Vip = IPAddress.Parse(Vip),
            ExpectedBytes = 1500,
        };
        Assert.Equal(TimeSpan.Zero, await RunAsync(search));
        Assert.Empty(_frames.Sent);
        Assert.Null(search.Evidence.PassedBytes);
    }

    /// <summary>The quoted destination is the server's address with an outer header, and the VIP at layer 2.</summary>
    [Theory]
    [InlineData(true, "10.0.0.11", true)]
    [InlineData(true, Vip, false)]
    [InlineData(false, Vip, true)]
    [InlineData(false, "10.0.0.12", false)]
    public async Task Report_of_a_router_belongs_to_the_path_of_the_quoted_destination(bool isTunnel, string quoted,
        bool isReported)
    {
        _frames.Replies = _ => [FrameBytes.Frame(FrameBytes.Ip("10.0.0.1", Director, 1,
            [.. FrameBytes.Hex("0304000000000578"), .. FrameBytes.Ip(Director, quoted, 4, new byte[8])]))];
        var search = new PacketSizeSearch
        {
            NextHop = new NextHop(TestDirector.Eth0, TestDirector.Web1),
            Encap = isTunnel ? new Encap(ForwardingMode.IpIp) : Encap.Layer2,
            Server = IPAddress.Parse("10.0.0.11"),
            Vip = IPAddress.Parse(Vip),
            ExpectedBytes = 1480,
        };
        await RunAsync(search);
        Assert.Equal(isReported ? "10.0.0.1 reports an MTU of 1400 bytes" : null, search.Evidence.RouterReport);
    }

    [Fact]
    public async Task Searches_run_at_the_same_time()
    {
        _frames.Replies = static sent => sent.Length - 14 <= 1400 ? [EchoReply(sent)] : null;
        var (one, other) = (PacketSizeSearchTests.Search(1500), PacketSizeSearchTests.Search(1300));
        await RunAsync(one, other);
        Assert.Equal((true, 1300), (one.Evidence.PassedBytes is >= 1392, other.Evidence.PassedBytes));
        Assert.Equal(2, _frames.Sent.Count(static s => s.Frame.Length == 1314));
    }

    private async Task<TimeSpan> RunAsync(params PacketSizeSearch[] searches) =>
        await _time.CompleteAsync(PacketSizeProber.RunAsync(_prober, searches, TestContext.Current.CancellationToken));

    private static byte[] EchoReply(byte[] sent) =>
        FrameBytes.Frame(FrameBytes.Ip(Vip, Director, 1, [0, 0, 0, 0, .. sent[38..42]]));
}
