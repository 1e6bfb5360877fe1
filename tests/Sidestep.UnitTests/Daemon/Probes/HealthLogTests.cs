using System.Net;
using Sidestep.Control.Health;
using Sidestep.Daemon.Probes;
using Sidestep.Model;

namespace Sidestep.UnitTests.Daemon.Probes;

public sealed class HealthLogTests
{
    private readonly TestLog _log = new();
    private readonly HealthLog _changes;

    public HealthLogTests() => _changes = new HealthLog(_log.Log);

    [Fact]
    public void Change_names_server_address_and_group()
    {
        Add(isHealthy: false, "tcp, 203.0.113.10 80: no reply within 1 s");
        Add(isHealthy: true, "");
        Assert.Equal(["warning: web1 (10.0.0.11) of web/l2: marked down: tcp, 203.0.113.10 80: no reply within 1 s",
            "info: web1 (10.0.0.11) of web/l2: marked up"], _log.Lines);
    }

    [Fact]
    public void Many_changes_of_an_interval_are_counted()
    {
        for (var i = 0; i < HealthLog.MaxLines + 3; i++)
            Add(isHealthy: true, "");
        Assert.Equal(20, _log.Lines.Length);
        _changes.EndInterval();
        Assert.Equal("warning: 3 more servers were marked up or down: sidestep status lists all", _log.Lines[^1]);
        Add(isHealthy: true, "");
        _changes.EndInterval();
        Assert.Equal(22, _log.Lines.Length);
    }

    [Fact]
    public void Exact_limit_needs_no_count()
    {
        for (var i = 0; i < HealthLog.MaxLines; i++)
            Add(isHealthy: true, "");
        _changes.EndInterval();
        Assert.Equal(20, _log.Lines.Length);
    }

    private void Add(bool isHealthy, string reason) => _changes.Add(new HealthChange(
        "web/l2",
            new RealServer { Name = "web1", Address = IPAddress.Parse("10.0.0.11") },
        isHealthy, reason));
}
