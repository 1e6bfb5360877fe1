using System.Collections.Concurrent;
using System.Net;
using Sidestep.Control.Health;
using static Sidestep.UnitTests.Control.Health.TestChecks;

namespace Sidestep.UnitTests.Control.Health;

/// <summary>When the path MTU of a server is measured, and what becomes of the result.</summary>
public sealed class PathMtuMonitorTests : IAsyncDisposable
{
    private readonly ManualTime _time = new();
    private readonly FakeProbePath _path = new();
    private readonly HealthTracker _tracker;
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentQueue<Exception> _faults = new();
    private Task _run = Task.CompletedTask;

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
        _run = new PathMtuMonitor(_tracker, _path, _time, _faults.Enqueue).RunAsync(_stop.Token);
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
