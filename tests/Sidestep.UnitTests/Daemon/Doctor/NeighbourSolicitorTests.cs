using System.Net;
using Sidestep.Daemon.Doctor;
using Sidestep.Daemon.NextHops;
using Sidestep.UnitTests.Control;

namespace Sidestep.UnitTests.Daemon.Doctor;

public sealed class NeighbourSolicitorTests
{
    private const string Director = "020000000002";
    private readonly ManualTime _time = new();
    private readonly FakeFrames _frames = FakeFrames.Open();

    [Fact]
    public async Task All_hosts_that_answer_are_listed_in_order()
    {
        _frames.Replies = sent => Target(sent) == "10.0.0.11"
            ? [Reply(sent, "020000000099"), Reply(sent, "020000000011")] : [Reply(sent, "020000000012")];
        var (replies, duration) = await RunAsync("10.0.0.11", "10.0.0.12");
        Assert.Equal(["02:00:00:00:00:11", "02:00:00:00:00:99"], replies["10.0.0.11"]);
        Assert.Equal(["02:00:00:00:00:12"], replies["10.0.0.12"]);
        Assert.Equal(2, _frames.Sent.Count);
        Assert.InRange(duration.TotalMilliseconds, 20, 30);
    }

    [Fact]
    public async Task Silent_neighbour_is_requested_five_times_and_its_list_is_empty()
    {
        _frames.Replies = static sent => Target(sent) == "10.0.0.11" ? [Reply(sent, "020000000011")] : null;
        var (replies, duration) = await RunAsync("10.0.0.11", "10.0.0.12");
        Assert.Single(replies["10.0.0.11"]);
        Assert.Empty(replies["10.0.0.12"]);
        Assert.Equal(6, _frames.Sent.Count);
        Assert.Equal(2.02, duration.TotalSeconds, 0.05);
    }

    [Fact]
    public async Task Second_host_that_answers_a_little_later_is_listed()
    {
        _frames.Replies = static sent => [Reply(sent, "020000000011")];
        var task = NeighbourSolicitor.RunAsync(_frames, [Route("10.0.0.11")], _time,
            TestContext.Current.CancellationToken);
        await Waiting.UntilAsync(() => _time.NextDue is not null);
        _time.Advance(TimeSpan.FromMilliseconds(5));
        await Waiting.UntilAsync(() => _time.NextDue == TimeSpan.FromMilliseconds(20));
        _frames.Arrive(2, Reply(_frames.Sent[0].Frame, "020000000099"));
        await _time.CompleteAsync(task);
        Assert.Equal(2, (await task).Values.Single().Length);
    }

    private async Task<(Dictionary<string, string[]> Replies, TimeSpan Duration)> RunAsync(params string[] addresses)
    {
        var task = NeighbourSolicitor.RunAsync(_frames, [.. addresses.Select(Route)], _time,
            TestContext.Current.CancellationToken);
        var duration = await _time.CompleteAsync(task);
        return ((await task).ToDictionary(static r => r.Key.Neighbour.ToString(), static r => r.Value.ToArray()),
            duration);
    }

    private static NextHopRoute Route(string address) =>
        new(TestDirector.Eth0, IPAddress.Parse(address), false, IPAddress.Parse("10.0.0.2"));

    private static string Target(byte[] request) => new IPAddress(request.AsSpan(38, 4)).ToString();

    private static byte[] Reply(byte[] request, string mac) =>
        FrameBytes.Arp(2, Director, mac, Target(request), Director, "10.0.0.2");
}
