using Sidestep.Api.Captures;
using Sidestep.Api.Flows;
using Sidestep.Api.Plans;
using Sidestep.Api.Status;
using Sidestep.Api.Traces;
using Sidestep.Daemon;
using Sidestep.Daemon.Engines;
using Sidestep.Engine.Managed;
using Sidestep.Forwarding;
using Sidestep.Forwarding.TrackedFlows;

namespace Sidestep.UnitTests.Daemon;

/// <summary>Requests of the command line, answered from a managed engine.</summary>
public sealed class RunningDirectorRequestsTests : IDisposable
{
    private readonly ManagedEngine _engine = new(1024);
    private readonly RunningDirectorRequests _requests;

    public RunningDirectorRequestsTests() => _requests = new RunningDirectorRequests(
        TestDirector.Configuration.Node.Name,
        new ManagedEngineState(_engine, new Lock()), () => _engine.Tables?.Origin);

    [Fact]
    public void Plan_before_the_first_tables_is_refused() => Assert.Equal(
        "the director is starting: try again in a moment", Assert.Throws<EngineException>(() =>
            _requests.Plan(new PlanRequest("f", TestDirector.Yaml))).Message);

    [Fact]
    public void Trace_before_the_first_tables_is_refused() =>
        Assert.Throws<EngineException>(() => Trace(Syn("198.51.100.1"), isSynthetic: true));

    [Fact]
    public void Flows_have_the_size_of_the_table_and_the_servers_in_force()
    {
        _engine.Apply(TestDirector.Tables);
        var request = new FlowsRequest();
        using var table = _requests.OpenFlows(request);
        var report = _requests.ReadFlows(request, table, static _ => { });
        Assert.Equal((StatusSource.Daemon, 0), (report.Source, report.Flows));
        Assert.True(report.Capacity >= 1024);
        Assert.Equal(["dns1", "web1", "web2"], report.Servers.Select(static s => s.Name));
        Assert.Throws<UnknownNameException>(() => _requests.OpenFlows(new FlowsRequest(Server: "web9")));
    }

    [Fact]
    public void Plan_compares_with_the_proposed_configuration()
    {
        _engine.Apply(TestDirector.Tables);
        Assert.False(_requests.Plan(new PlanRequest("f", TestDirector.Yaml)).Changes);
        var changed = TestDirector.Yaml.Replace("name: dns, vip", "name: dns2, vip", StringComparison.Ordinal);
        Assert.Equal(["dns", "dns2"],
            _requests.Plan(new PlanRequest("f", changed)).Services.Select(static s => s.Name));
        Assert.StartsWith("new.yaml:", Assert.Throws<EngineException>(() =>
            _requests.Plan(new PlanRequest("new.yaml", "node: ["))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Trace_shows_the_decision_and_the_frame_that_would_be_sent()
    {
        _engine.Apply(TestDirector.Tables);
        var report = Trace(Syn("198.51.100.1"), isSynthetic: true);
        Assert.Equal(("forward", TraceSource.Daemon), (report.Decision, report.Source));
        Assert.StartsWith("020000000002", report.In, StringComparison.Ordinal);
        Assert.Contains(report.Out![..12], new[] { "020000000011", "020000000012" });
        Assert.Equal("020000000002", report.Out[12..24]);
        Assert.Equal(report.In[28..], report.Out[28..]);
        Assert.DoesNotContain(_engine.ReadCounters().Services, static s => s.Value.Packets > 0);
    }

    [Fact]
    public void Frame_that_is_passed_or_dropped_is_not_sent_and_keeps_its_destination()
    {
        _engine.Apply(TestDirector.Tables);
        var passed = Trace(Syn("198.51.100.1", "192.0.2.1"), isSynthetic: false);
        Assert.Equal(("pass", null), (passed.Decision, passed.Out));
        Assert.StartsWith("000000000000", passed.In, StringComparison.Ordinal);
        var dropped =
            Trace(FrameBytes.Frame(FrameBytes.Ip("198.51.100.1", "203.0.113.10", 6, FrameBytes.Tcp(1000, 81, 2))),
            isSynthetic: true);
        Assert.Equal(("drop", "no-service", null), (dropped.Decision, dropped.Reason, dropped.Out));
    }

    [Fact]
    public void Capture_ends_when_it_is_cancelled_and_then_another_may_begin()
    {
        _engine.Apply(TestDirector.Tables);
        for (var i = 0; i < 2; i++)
        {
            using var stop = new CancellationTokenSource();
            var lines = new List<CaptureLine>();
            Assert.Throws<OperationCanceledException>(() => _requests.Capture(new CaptureRequest(), pass =>
                pass(lines.Add, stop.Cancel), stop.Token));
            Assert.Equal([new CaptureLine { Loss = new CaptureLoss(0, 0) }], lines);
        }
    }

    [Fact]
    public void Second_capture_at_the_same_time_is_refused()
    {
        _engine.Apply(TestDirector.Tables);
        _requests.Capture(new CaptureRequest(), _ => Assert.StartsWith("another 'sidestep capture' is running",
            Assert.Throws<EngineException>(() => _requests.Capture(new CaptureRequest(), static _ => { },
                CancellationToken.None)).Message, StringComparison.Ordinal), CancellationToken.None);
    }

    public void Dispose() => _engine.Dispose();

    private TraceReport Trace(byte[] frame, bool isSynthetic) =>
        _requests.Trace(new TraceRequest(frame, isSynthetic), CancellationToken.None);

    private static byte[] Syn(string from, string to = "203.0.113.10")
    {
        var packet = FrameBytes.Ip(from, to, 6, FrameBytes.Tcp(1000, 80, 2));
        var checksum = Sidestep.Testing.NaiveChecksum.Of(packet[..20]);
        (packet[10], packet[11]) = ((byte)(checksum >> 8), (byte)checksum);
        return FrameBytes.Frame(packet);
    }
}
