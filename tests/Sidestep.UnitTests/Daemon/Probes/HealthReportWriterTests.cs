using System.Collections.Immutable;
using Sidestep.Daemon.Probes;
using Sidestep.Model;
using Sidestep.UnitTests.Control;

namespace Sidestep.UnitTests.Daemon.Probes;

public sealed class HealthReportWriterTests
{
    private static readonly ImmutableArray<ServerHealthReport> Servers =
        [new() { Pool = "web", Encap = "l2", Name = "web1", Address = "10.0.0.11", DsrPath = "up", Service = "none" }];

    private readonly ManualTime _time = new();
    private readonly TestLog _log = new();
    private readonly List<HealthReport> _written = [];
    private readonly HealthReportWriter _writer;
    private ImmutableArray<ServerHealthReport>? _changed = Servers;
    private Exception? _failure;

    public HealthReportWriterTests() =>
        _writer = new HealthReportWriter(() => _changed, static () => new ProbeStats { Checks = 7 }, report =>
    {
        if (_failure is not null)
            throw _failure;
        _written.Add(report);
    }, _log.Log, _time);

    [Fact]
    public void Report_has_servers_figures_and_time()
    {
        _time.Advance(TimeSpan.FromSeconds(9));
        _writer.Write();
        var report = Assert.Single(_written);
        Assert.Equal((DateTimeOffset.UnixEpoch.AddSeconds(9), 7), (report.At, report.Probes.Checks));
        Assert.Equal(Servers, report.Servers);
    }

    [Fact]
    public void Unchanged_servers_are_written_every_five_seconds()
    {
        _writer.Write();
        _changed = null;
        for (var second = 1; second <= 10; second++)
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            _writer.Write();
            Assert.Equal(1 + second / 5, _written.Count);
        }
        Assert.Equal(Servers, _written[^1].Servers);
        _changed = [];
        _writer.Write();
        Assert.Empty(_written[^1].Servers);
    }

    [Fact]
    public void Report_without_servers_is_written_every_time()
    {
        _changed = null;
        _writer.Write();
        _writer.Write();
        Assert.Equal(2, _written.Count);
        Assert.Empty(_written[0].Servers);
    }

    [Fact]
    public void Failure_to_write_is_logged()
    {
        _failure = new IOException("disk full");
        _writer.Write();
        _failure = new UnauthorizedAccessException("not allowed");
        _writer.Write();
        Assert.Equal(
            ["warning: health report not written: disk full", "warning: health report not written: not allowed"],
            _log.Lines);
    }
}
