using System.Collections.Concurrent;
using System.Net;
using Sidestep.Control.Health;
using Sidestep.Forwarding;
using Sidestep.Model;
using Sidestep.UnitTests.Daemon;
using static Sidestep.UnitTests.Control.Health.TestChecks;

namespace Sidestep.UnitTests.Control.Health;

/// <summary>When the path MTU of a server is measured, and what becomes of the result.</summary>
public sealed class PathMtuMonitorTests : IAsyncDisposable
{
    private readonly ManualTime _time = new();
    private readonly FakeProbePath _path = new();
    private readonly HealthTracker _tracker;
    private readonly PathMtus _pathMtus = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentQueue<Exception> _faults = new();
    private Task _run = Task.CompletedTask;
    private PathMtuMonitor? _monitor;

    public PathMtuMonitorTests() => _tracker = new HealthTracker(_time, null, null, null, static _ => { });

    [Fact]
    public async Task Server_whose_DSR_path_is_up_is_measured_within_a_second_and_then_every_ten_minutes()
    {
        await StartAsync(Configuration(2, Tcp));
        await SecondsAsync(5);
        Assert.Empty(_path.Echoes);

        _tracker.Record(Key(1), ProbeResult.Success);
        await SecondsAsync(1);
        Assert.Equal([(Address(1), TestChecks.Vip, 1500, TimeSpan.FromSeconds(1))], _path.Echoes);
        _time.Advance(TimeSpan.FromSeconds(599));
        await WaitsAsync();
        Assert.Single(_path.Echoes);
        await SecondsAsync(1);
        Assert.Equal(2, _path.Echoes.Length);
    }

    [Fact]
    public async Task Another_MTU_of_the_egress_interface_is_measured_at_once()
    {
        await StartAsync(Configuration(1, Tcp), 1);
        await SecondsAsync(2);
        _path.PathMtu = static _ => 9000;
        await SecondsAsync(1);
        Assert.Equal([1500, 9000], _path.Echoes.Select(static e => e.Bytes));
    }

    [Fact]
    public async Task Server_without_a_next_hop_is_measured_when_it_has_one()
    {
        _path.PathMtu = static _ => null;
        await StartAsync(Configuration(1, Tcp), 1);
        await SecondsAsync(3);
        Assert.Empty(_path.Echoes);
        _path.PathMtu = static _ => 1480;
        await SecondsAsync(1);
        Assert.Equal([1480], _path.Echoes.Select(static e => e.Bytes));
    }

    [Fact]
    public async Task Path_that_goes_down_and_up_again_is_measured_again()
    {
        await StartAsync(Configuration(1, Tcp), 1);
        await SecondsAsync(1);
        _tracker.Record(Key(1), ProbeResult.Failure("no reply"));
        await SecondsAsync(1);
        _tracker.Record(Key(1), ProbeResult.Success);
        await SecondsAsync(1);
        Assert.Equal(2, _path.Echoes.Length);
    }

    [Theory]
    [InlineData("192.0.2.1", 65_535)]
    [InlineData("2001:db8::1", 65_575)]
    public async Task Datagram_is_no_longer_than_its_length_field_permits(string vip, int longest)
    {
        _path.PathMtu = static _ => 70_000;
        var configuration = Configuration(1, Tcp);
        var address = IPAddress.Parse(vip);
        var service = configuration.Desired.VirtualServices[0] with
        {
            Vips = [new IPNetwork(address, address.GetAddressBytes().Length * 8)],
        };
        await StartAsync(new(configuration.Desired with { VirtualServices = [service] }));
        _tracker.Record(Key(1) with { Target = address }, ProbeResult.Success);
        await SecondsAsync(1);
        Assert.Equal([(address, longest)], _path.Echoes.Select(static e => (e.Vip, e.Bytes)));
    }

    [Fact]
    public async Task Result_is_reported_with_the_server_until_the_server_is_removed()
    {
        _path.Bottleneck = 1400;
        var configuration = Configuration(2, Tcp);
        await StartAsync(configuration, 1);
        await SecondsAsync(1);
        var report = _tracker.Report();
        Assert.Equal((1500, 1400), (report[0].PathMtu, report[0].MeasuredPathMtu));
        Assert.StartsWith("datagrams of more than 1400 bytes", report[0].MtuProblem, StringComparison.Ordinal);
        Assert.Equal((null, null, null), (report[1].PathMtu, report[1].MeasuredPathMtu, report[1].MtuProblem));

        Apply(_tracker, Configuration(2, static p => p with { Servers = [p.Servers[1]] }, Tcp));
        Apply(_tracker, configuration);
        Assert.All(_tracker.Report(), static s => Assert.Null(s.PathMtu));
    }

    [Fact]
    public async Task Verified_smaller_size_becomes_the_path_MTU_and_goes_up_again_within_a_minute()
    {
        var changes = 0;
        _pathMtus.Changed += () => changes++;
        _path.Bottleneck = 1400;
        await StartAsync(Configuration(1, Tcp), 1);
        await SecondsAsync(1);
        Assert.Equal((1400 + FakeProbePath.OuterBytes, 1600), MtuOf(1));

        _path.Bottleneck = int.MaxValue;
        await SecondsAsync(59);
        Assert.Equal(1400 + FakeProbePath.OuterBytes, MtuOf(1).InForce);
        await SecondsAsync(1);
        Assert.Equal((1600, 1600), MtuOf(1));
        Assert.Equal(2, changes);
        Assert.Equal((1500, null), (_tracker.Report()[0].MeasuredPathMtu, _tracker.Report()[0].MtuProblem));
    }

    /// <summary>Losses are no small MTU: neither when they happen to big probes for a while, nor when the server stops
    /// answering at all.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    public async Task Some_lost_big_probes_do_not_shrink_the_path_MTU(int lost)
    {
        var big = 0;
        _path.Passes = bytes => bytes <= 1400 || ++big > lost;
        await StartAsync(Configuration(1, Tcp), 1);
        await SecondsAsync(1);
        Assert.Equal((1600, 1600), MtuOf(1));
    }

    [Fact]
    public async Task Server_that_stops_answering_keeps_its_path_MTU()
    {
        _path.Bottleneck = 1400;
        await StartAsync(Configuration(1, Tcp), 1);
        await SecondsAsync(1);
        _path.Bottleneck = 0;
        await SecondsAsync(60);
        Assert.Equal(1400 + FakeProbePath.OuterBytes, MtuOf(1).InForce);
        Assert.Equal(1400, _tracker.Report()[0].MeasuredPathMtu);
    }

    /// <summary>One reply to a big probe may have come by another path of several (ECMP).</summary>
    [Fact]
    public async Task One_big_reply_does_not_raise_the_path_MTU()
    {
        _path.Bottleneck = 1400;
        await StartAsync(Configuration(1, Tcp), 1);
        await SecondsAsync(1);
        var big = 0;
        _path.Passes = bytes => bytes <= 1400 || ++big == 1;
        await SecondsAsync(60);
        Assert.Equal(1400 + FakeProbePath.OuterBytes, MtuOf(1).InForce);
    }

    [Fact]
    public async Task Report_of_a_router_starts_a_measurement_at_most_every_ten_seconds()
    {
        await StartAsync(Configuration(1, Tcp), 1);
        await SecondsAsync(1);
        _monitor!.MeasureSoon(Address(1));
        await SecondsAsync(9);
        Assert.Single(_path.Echoes);
        _monitor.MeasureSoon(Address(1));
        await SecondsAsync(1);
        Assert.Equal(2, _path.Echoes.Length);
        await SecondsAsync(20);
        Assert.Equal(2, _path.Echoes.Length);
    }

    /// <summary>A path that carries less than every host must take is reported, and clients are not told.</summary>
    [Fact]
    public async Task Size_below_576_bytes_is_only_reported()
    {
        _path.Bottleneck = 575;
        await StartAsync(Configuration(1, Tcp), 1);
        await SecondsAsync(1);
        Assert.Equal((1600, 1600), MtuOf(1));
        Assert.Equal(575, _tracker.Report()[0].MeasuredPathMtu);
    }

    /// <summary>The MTU of the next hop in force, and that of its route, which is 1600 here.</summary>
    private (int InForce, int Route) MtuOf(int server)
    {
        var egress = TestDirector.Eth0 with { MtuBytes = 1600 };
        var nextHops = new NextHops([egress], new Dictionary<VrfAddress, NextHop>
        {
            [Address(server)] = new NextHop(egress, new Sidestep.Packets.MacAddress(9)),
        }, new Dictionary<VrfAddress, string>());
        var found = _pathMtus.ApplyTo(nextHops).Servers[Address(server)];
        return (found.Egress.MtuBytes, found.RouteMtuBytes);
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _run.WaitAsync(TimeSpan.FromSeconds(30));
        _stop.Dispose();
    }

    private async Task StartAsync(Sidestep.Forwarding.EffectiveConfiguration configuration, params int[] up)
    {
        Apply(_tracker, configuration);
        foreach (var server in up)
            _tracker.Record(Key(server), ProbeResult.Success);
        _monitor = new PathMtuMonitor(_tracker, _pathMtus, _path, _time, _faults.Enqueue);
        _run = _monitor.RunAsync(_stop.Token);
        await WaitsAsync();
    }

    private async Task SecondsAsync(int seconds)
    {
        for (var i = 0; i < seconds; i++)
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            await WaitsAsync();
        }
    }

    private Task WaitsAsync() => Until
        .TrueAsync(() => _time.NextDue == TimeSpan.FromSeconds(1), "the monitor does not wait");
}
