using System.Text;
using System.Text.Json;
using Sidestep.Daemon.Engines;
using Sidestep.Engine.Managed;
using Sidestep.Forwarding;
using Sidestep.Forwarding.Capture;
using Sidestep.Forwarding.LocalApi;

namespace Sidestep.UnitTests.Daemon.Engines;

public sealed class ManagedRequestHandlerTests : IDisposable
{
    private const int FlowTableSize = 1024;
    private readonly ManagedEngine _engine = new(FlowTableSize);
    private readonly ManagedRequestHandler _handler;

    public ManagedRequestHandlerTests() =>
        _handler = new ManagedRequestHandler(_engine, FlowTableSize, new Lock());

    [Fact]
    public void Unknown_path_has_no_response() => Assert.Null(_handler.Handle("/v1/running/none", default));

    [Fact]
    public void Plan_before_the_first_tables_is_refused() => Assert.Equal(
        "the director is starting: try again in a moment", Assert.Throws<EngineException>(() =>
            _handler.Handle(LocalApiPaths.Plan, Encoding.UTF8.GetBytes(TestDirector.Yaml))).Message);

    [Fact]
    public void Trace_before_the_first_tables_is_refused() =>
        Assert.Throws<EngineException>(() => Trace(Syn("198.51.100.1"), isSynthetic: true));

    [Fact]
    public void Flows_have_the_size_of_the_table()
    {
        _engine.Apply(TestDirector.Tables);
        var flows = Json(LocalApiPaths.Flows);
        Assert.True(flows.GetProperty("table").GetProperty("capacity").GetInt32() >= FlowTableSize);
        Assert.Equal(0, flows.GetProperty("flows").GetArrayLength());
    }

    [Fact]
    public void Plan_compares_with_the_proposed_configuration()
    {
        _engine.Apply(TestDirector.Tables);
        Assert.Empty(Json(LocalApiPaths.Plan, TestDirector.Yaml).GetProperty("services").EnumerateArray());
        var changed = TestDirector.Yaml.Replace("name: dns, vip", "name: dns2, vip", StringComparison.Ordinal);
        Assert.Equal(2, Json(LocalApiPaths.Plan, changed).GetProperty("services").GetArrayLength());
        Assert.StartsWith("configuration", Assert.Throws<EngineException>(() =>
            Json(LocalApiPaths.Plan, "node: [")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Trace_shows_the_decision_and_the_frame_that_would_be_sent()
    {
        _engine.Apply(TestDirector.Tables);
        var response = Trace(Syn("198.51.100.1"), isSynthetic: true);
        Assert.Equal(Decision.Forward, response.Explanation.Decision);
        Assert.Equal(FrameBytes.Hex("020000000002"), response.Frame[..6]);
        Assert.Contains(Convert.ToHexStringLower(response.Sent[..6]), new[] { "020000000011", "020000000012" });
        Assert.Equal(FrameBytes.Hex("020000000002"), response.Sent[6..12]);
        Assert.Equal(FrameBytes.Packet(response.Frame), FrameBytes.Packet(response.Sent));
        Assert.DoesNotContain(_engine.ReadCounters().Services, static s => s.Value.Packets > 0);
    }

    [Fact]
    public void Frame_that_is_passed_or_dropped_is_not_sent_and_keeps_its_destination()
    {
        _engine.Apply(TestDirector.Tables);
        var passed = Trace(Syn("198.51.100.1", "192.0.2.1"), isSynthetic: false);
        Assert.Equal(Decision.Pass, passed.Explanation.Decision);
        Assert.Empty(passed.Sent);
        Assert.Equal(new byte[6], passed.Frame[..6]);
        var dropped =
            Trace(FrameBytes.Frame(FrameBytes.Ip("198.51.100.1", "203.0.113.10", 6, FrameBytes.Tcp(1000, 81, 2))),
            isSynthetic: true);
        Assert.Equal((Decision.Drop, DropReason.NoService), (dropped.Explanation.Decision, dropped.Explanation.Reason));
        Assert.Empty(dropped.Sent);
    }

    [Fact]
    public void Capture_is_a_session_that_must_end_before_the_next()
    {
        _engine.Apply(TestDirector.Tables);
        var first = Capture(0);
        Assert.Equal(1, first.Session);
        Assert.Empty(first.Frames);
        Assert.Throws<EngineException>(() => Capture(0));
        Assert.Equal(1, Capture(1, isLast: true).Session);
        Assert.Equal(2, Capture(0).Session);
        Assert.Equal("another capture has started and ended this one", Assert.Throws<EngineException>(() =>
            Capture(1)).Message);
        Assert.Equal(2, Capture(2, isLast: true).Session);
    }

    [Fact]
    public void Capture_that_was_never_started_is_refused() => Assert.Throws<EngineException>(() => Capture(1));

    public void Dispose() => _engine.Dispose();

    private JsonElement Json(string path, string body = "") =>
        JsonDocument.Parse(_handler.Handle(path, Encoding.UTF8.GetBytes(body))!).RootElement;

    private TraceResponse Trace(byte[] frame, bool isSynthetic) => LocalApiJson.Read<TraceResponse>(
        _handler.Handle(LocalApiPaths.Trace, LocalApiJson.Write(new TraceRequest(frame, isSynthetic))));

    private CaptureResponse Capture(long session, bool isLast = false) =>
        LocalApiJson.Read<CaptureResponse>(_handler.Handle(
        LocalApiPaths.Capture,
        LocalApiJson.Write(new CaptureRequest(session, CaptureFilter.Everything, new CaptureLimits(), isLast))));

    private static byte[] Syn(string from, string to = "203.0.113.10")
    {
        var packet = FrameBytes.Ip(from, to, 6, FrameBytes.Tcp(1000, 80, 2));
        var checksum = Sidestep.Testing.NaiveChecksum.Of(packet[..20]);
        (packet[10], packet[11]) = ((byte)(checksum >> 8), (byte)checksum);
        return FrameBytes.Frame(packet);
    }
}
