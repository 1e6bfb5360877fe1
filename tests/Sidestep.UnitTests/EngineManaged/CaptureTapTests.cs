using System.Net;
using Sidestep.Engine.Managed;
using Sidestep.Engine.Managed.Capture;
using Sidestep.Forwarding;
using Sidestep.Forwarding.Capture;
using Sidestep.Forwarding.Pipeline;

namespace Sidestep.UnitTests.EngineManaged;

/// <summary>What a capture records of frames, and what its limits leave out.</summary>
public sealed class CaptureTapTests : IDisposable
{
    private readonly ManagedEngine _engine = new(64);
    private readonly PacketPipeline _pipeline;

    public CaptureTapTests()
    {
        _engine.Apply(TestTables.Compile(
            [TestTables.Pool("p", "s1"), TestTables.Pool("q", "s2")],
            [TestTables.Service("dns", "p"), TestTables.Service("ntp", "q", 123)]));
        _pipeline = _engine.NewPipeline();
    }

    public void Dispose() => _engine.Dispose();

    [Fact]
    public void Forwarded_packet_is_recorded_as_received_and_as_sent()
    {
        var tap = _engine.BeginCapture(CaptureFilter.Everything, new CaptureLimits { Snap = 64 });
        var received = TestTables.Datagram();
        Process(tap, received);
        var frames = tap.Fetch(10);
        Assert.Equal(2, frames.Count);
        Assert.Equal([false, true], frames.Select(static f => f.IsOut));
        Assert.All(frames, static f =>
        {
            Assert.Equal((1, Decision.Forward, null, XdpAction.Transmit), (f.Number, f.Decision, f.Reason, f.Action));
            Assert.Equal(("dns", "s1", IPAddress.Parse("10.1.0.1"), 60),
                (f.Service, f.Server, f.ServerAddress, f.Length));
        });
        Assert.Equal(received, frames[0].Bytes.ToArray());
        Assert.Equal([2, 0, 0, 0, 0, 0x10, 2, 0, 0, 0, 0, 2, .. received[12..]], frames[1].Bytes.ToArray());
        Assert.InRange(DateTime.UtcNow - DateTime.UnixEpoch - TimeSpan.FromTicks(frames[0].Time / 100), TimeSpan.Zero,
            TimeSpan.FromMinutes(1));
    }

    [Fact]
    public void Dropped_packet_is_recorded_once_with_its_reason()
    {
        var tap = _engine.BeginCapture(CaptureFilter.Everything, new CaptureLimits());
        Process(tap, TestTables.Datagram(port: 1));
        var frame = Assert.Single(tap.Fetch(10));
        Assert.Equal((Decision.Drop, DropReason.NoService, XdpAction.Drop, null, null),
            (frame.Decision, frame.Reason, frame.Action, frame.Service, frame.Server));
    }

    [Fact]
    public void Frame_that_is_left_to_the_kernel_is_recorded_only_on_request()
    {
        var other = TestTables.Datagram(vip: 0xcb00_7102);
        var tap = _engine.BeginCapture(CaptureFilter.Everything, new CaptureLimits());
        Process(tap, other);
        Assert.Empty(tap.Fetch(10));
        _engine.EndCapture(tap);
        tap = _engine.BeginCapture(new CaptureFilter { Decision = Decision.Pass }, new CaptureLimits());
        Process(tap, other);
        Process(tap, TestTables.Datagram());
        Assert.Equal(Decision.Pass, Assert.Single(tap.Fetch(10)).Decision);
    }

    [Fact]
    public void Bytes_beyond_the_snap_length_are_left_out()
    {
        var tap = _engine.BeginCapture(CaptureFilter.Everything, new CaptureLimits { Snap = 64 });
        var received = new byte[200];
        TestTables.Datagram().CopyTo(received, 0);
        Process(tap, received);
        Assert.All(tap.Fetch(10), static f => Assert.Equal((200, 64), (f.Length, f.Bytes.Length)));
    }

    [Fact]
    public void Packets_above_the_rate_limit_are_counted_as_missed()
    {
        var tap = _engine.BeginCapture(CaptureFilter.Everything, new CaptureLimits { Rate = 3 });
        for (var i = 0; i < 10; i++)
            Process(tap, TestTables.Datagram());
        // The ten packets lie in one second or in two.
        var recorded = tap.Fetch(100).Count / 2;
        Assert.InRange(recorded, 3, 6);
        Assert.Equal(new CaptureCounts(10 - recorded, 0), tap.Counts);
    }

    [Fact]
    public void Sampling_examines_one_of_so_many_frames()
    {
        var tap = _engine.BeginCapture(CaptureFilter.Everything, new CaptureLimits { Sample = 4, Rate = 0 });
        for (var i = 0; i < 12; i++)
            Process(tap, TestTables.Datagram());
        Assert.Equal([1, 1, 2, 2, 3, 3], tap.Fetch(100).Select(static f => f.Number));
        Assert.Equal(default, tap.Counts);
    }

    [Fact]
    public void Records_beyond_the_queue_are_counted_as_lost()
    {
        var tap = _engine.BeginCapture(CaptureFilter.Everything, new CaptureLimits { Rate = 0 });
        for (var i = 0; i < CaptureTap.MaxWaiting / 2 + 5; i++)
            Process(tap, TestTables.Datagram());
        Assert.Equal(new CaptureCounts(0, 10), tap.Counts);
        Assert.Equal(7, tap.Fetch(7).Count);
        Assert.Equal(CaptureTap.MaxWaiting - 7, tap.Fetch(int.MaxValue).Count);
    }

    [Fact]
    public void Service_and_server_select_frames()
    {
        foreach (var filter in new[] { new CaptureFilter { Service = "ntp" }, new CaptureFilter { Server = "s2" },
            new CaptureFilter { Server = "10.1.0.2" } })
        {
            var tap = _engine.BeginCapture(filter, new CaptureLimits());
            Process(tap, TestTables.Datagram());
            Process(tap, TestTables.Datagram(port: 123));
            Assert.Equal(["ntp", "ntp"], tap.Fetch(10).Select(static f => f.Service));
            _engine.EndCapture(tap);
        }
    }

    [Fact]
    public void Filter_for_an_unknown_service_or_server_is_rejected()
    {
        Assert.Equal("the director has no service 'www'",
            Assert.Throws<EngineException>(
            () => _engine.BeginCapture(new CaptureFilter { Service = "www" }, new CaptureLimits())).Message);
        Assert.Equal("the director has no real server '10.1.0.9'",
            Assert.Throws<EngineException>(
            () => _engine.BeginCapture(new CaptureFilter { Server = "10.1.0.9" }, new CaptureLimits())).Message);
        Assert.Null(_engine.Tap);
    }

    [Fact]
    public void Second_capture_is_rejected_while_the_first_one_runs()
    {
        var first = _engine.BeginCapture(CaptureFilter.Everything, new CaptureLimits());
        Assert.Throws<EngineException>(() => _engine.BeginCapture(CaptureFilter.Everything, new CaptureLimits()));
        Assert.Same(first, _engine.Tap);
        _engine.EndCapture(first);
        Assert.Null(_engine.Tap);
        var second = _engine.BeginCapture(CaptureFilter.Everything, new CaptureLimits());
        _engine.EndCapture(first); // it has been replaced: nothing happens
        Assert.Same(second, _engine.Tap);
    }

    /// <summary>What a worker does with a frame while a capture runs.</summary>
    private void Process(CaptureTap tap, byte[] received)
    {
        var scratch = tap.NewScratch();
        var buffer = new byte[Frame.Headroom + received.Length + Frame.Tailroom];
        received.CopyTo(buffer, Frame.Headroom);
        var frame = new Frame(buffer, Frame.Headroom, received.Length);
        var isCaptured = tap.BeginFrame(scratch, frame.Bytes);
        var tables = _engine.Tables!;
        var decision = _pipeline.Process(tables, ref frame, TestTables.InterfaceIndex);
        if (isCaptured)
            tap.EndFrame(scratch, _pipeline, tables, decision, frame.Bytes, TestTables.InterfaceIndex);
    }
}
