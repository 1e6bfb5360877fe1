using System.Net;
using Sidestep.Daemon.AddressConflicts;
using Sidestep.Model;
using Sidestep.UnitTests.Control;

namespace Sidestep.UnitTests.Daemon.AddressConflicts;

public sealed class RequestRoundsTests
{
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(50);
    private readonly ManualTime _time = new();
    private readonly RequestRounds _rounds;

    public RequestRoundsTests() => _rounds = new RequestRounds(500, Tick, _time);

    [Fact]
    public void First_round_begins_after_a_second()
    {
        var vips = Vips(3);
        Assert.Empty(Batches(19, vips).SelectMany(static b => b));
        Assert.Equal([vips[0]], Batches(1, vips)[0]);
    }

    [Fact]
    public void Few_VIPs_take_one_tick_each_and_one_round_per_second()
    {
        var vips = Vips(3);
        Batches(19, vips);
        var batches = Batches(40, vips);
        Assert.Equal([vips[0], vips[1], vips[2]], batches[..20].SelectMany(static b => b));
        Assert.All(batches[..3], static b => Assert.Single(b));
        Assert.Equal([vips[0], vips[1], vips[2]], batches[20..].SelectMany(static b => b));
    }

    /// <summary>500 requests a second and 20 ticks a second are 25 requests per tick.</summary>
    [Fact]
    public void Full_round_spreads_its_requests_evenly()
    {
        var vips = Vips(500);
        Batches(19, vips);
        var batches = Batches(20, vips);
        Assert.All(batches, static b => Assert.Equal(25, b.Count));
        Assert.Equal(vips, batches.SelectMany(static b => b));
    }

    [Theory]
    [InlineData(0, 1, 1)]
    [InlineData(500, 0, 1)]
    [InlineData(500, 1, 1)]
    [InlineData(1000, 1, 2)]
    [InlineData(500, 3, 3)]
    public void Round_gets_longer_with_VIPs_and_interfaces(int vips, int links, double seconds)
    {
        _time.Advance(TimeSpan.FromSeconds(1));
        _rounds.NextBatch(Vips(vips), links);
        Assert.Equal(TimeSpan.FromSeconds(seconds), _rounds.Length(links));
    }

    [Fact]
    public void Long_round_is_followed_by_the_next_only_at_its_end()
    {
        var vips = Vips(1000);
        Batches(19, vips);
        var batches = Batches(41, vips);
        Assert.Equal(1000, batches[..40].Sum(static b => b.Count));
        Assert.Equal(vips[0], batches[40][0]);
    }

    private List<IReadOnlyList<VrfAddress>> Batches(int ticks, VrfAddress[] vips)
    {
        var batches = new List<IReadOnlyList<VrfAddress>>();
        for (var i = 0; i < ticks; i++)
        {
            _time.Advance(Tick);
            batches.Add(_rounds.NextBatch(vips, 1));
        }
        return batches;
    }

    private static VrfAddress[] Vips(int count) =>
    [
        .. Enumerable.Range(0, count)
            .Select(static i => VrfAddress.InDefault(new IPAddress([203, 0, (byte)(i >> 8), (byte)i]))),
    ];
}
