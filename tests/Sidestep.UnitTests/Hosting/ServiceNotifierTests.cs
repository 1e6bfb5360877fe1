using System.Net.Sockets;
using System.Text;
using Microsoft.Extensions.Hosting.Systemd;
using Sidestep.Hosting.Systemd;
using Sidestep.UnitTests.Control;
using Sidestep.UnitTests.Daemon;

namespace Sidestep.UnitTests.Hosting;

/// <summary>The protocol of sd_notify(3), on a real socket.</summary>
public sealed class ServiceNotifierTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly Socket _manager = new(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
    private readonly ServiceNotifier _notifier;

    public ServiceNotifierTests()
    {
        var path = _folder.Path("notify");
        _manager.Bind(new UnixDomainSocketEndPoint(path));
        _manager.ReceiveTimeout = 30_000;
        // The package reads the variable when it creates the notifier, and only there.
        Environment.SetEnvironmentVariable("NOTIFY_SOCKET", path);
        _notifier = new ServiceNotifier(new SystemdNotifier());
        Environment.SetEnvironmentVariable("NOTIFY_SOCKET", null);
    }

    [Fact]
    public void States_are_assignments_in_one_datagram()
    {
        Assert.True(_notifier.IsEnabled);
        _notifier.Ready("forwarding\nby 3 servers");
        Assert.Equal("READY=1\nSTATUS=forwarding by 3 servers", Receive());
        _notifier.Status("degraded");
        Assert.Equal("STATUS=degraded", Receive());
        _notifier.Alive();
        Assert.Equal("WATCHDOG=1", Receive());
        _notifier.Stopping();
        Assert.Equal("STOPPING=1", Receive());
    }

    [Fact]
    public void Reload_has_the_time_of_the_monotonic_clock()
    {
        var before = MonotonicMicroseconds();
        _notifier.Reloading();
        var parts = Receive().Split('\n');
        Assert.Equal("RELOADING=1", parts[0]);
        Assert.StartsWith("MONOTONIC_USEC=", parts[1], StringComparison.Ordinal);
        Assert.InRange(long.Parse(parts[1]["MONOTONIC_USEC=".Length..], null), before, MonotonicMicroseconds());
    }

    [Fact]
    public void Service_manager_that_is_gone_is_no_failure()
    {
        _manager.Dispose();
        File.Delete(_folder.Path("notify"));
        _notifier.Ready("forwarding");
    }

    [Fact]
    public void Without_a_service_manager_nothing_is_sent()
    {
        var notifier = new ServiceNotifier(new SystemdNotifier());
        Assert.False(notifier.IsEnabled);
        notifier.Ready("forwarding");
    }

    [Theory]
    [InlineData("30000000", null, 30.0)]
    [InlineData("30000000", "", 30.0)]
    [InlineData("1500000", "4711", 1.5)]
    [InlineData("30000000", "4712", null)]
    [InlineData(null, null, null)]
    [InlineData("0", null, null)]
    [InlineData("-1", null, null)]
    [InlineData("soon", null, null)]
    [InlineData("18446744073709551615", null, null)]
    public void Interval_of_the_watchdog_is_that_of_the_unit_for_this_process(string? micros, string? pid,
        double? seconds) => Assert.Equal(seconds, Watchdog.ReadInterval(name => name switch
        {
            "WATCHDOG_USEC" => micros,
            "WATCHDOG_PID" => pid,
            _ => null,
        }, 4711)?.TotalSeconds);

    [Fact]
    public async Task Watchdog_hears_of_a_service_that_makes_progress_three_times_per_interval()
    {
        var time = new ManualTime();
        var asked = 0;
        var isAlive = true;
        using var watchdog = new Watchdog(_notifier, TimeSpan.FromSeconds(30), () =>
        {
            asked++;
            return isAlive;
        }, time);
        await watchdog.StartAsync(TestContext.Current.CancellationToken);
        Assert.Equal("WATCHDOG=1", Receive());
        await Waiting.UntilAsync(() => time.NextDue == TimeSpan.FromSeconds(10));
        time.Advance(TimeSpan.FromSeconds(10));
        Assert.Equal("WATCHDOG=1", Receive());
        isAlive = false;
        await Waiting.UntilAsync(() => time.NextDue is not null);
        time.Advance(TimeSpan.FromSeconds(10));
        await Waiting.UntilAsync(() => asked == 3);
        await watchdog.StopAsync(TestContext.Current.CancellationToken);
        Assert.Equal(0, _manager.Available);
    }

    public void Dispose()
    {
        _manager.Dispose();
        _folder.Dispose();
    }

    private string Receive()
    {
        var buffer = new byte[4096];
        return Encoding.UTF8.GetString(buffer, 0, _manager.Receive(buffer));
    }

    /// <summary>From the kernel: the time since the start of the machine without suspension.</summary>
    private static long MonotonicMicroseconds() => System.Diagnostics.Stopwatch.GetTimestamp() / 1000;
}
