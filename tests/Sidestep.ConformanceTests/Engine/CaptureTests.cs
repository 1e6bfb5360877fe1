using System.Net;
using Sidestep.ConformanceTests.Cases;
using Sidestep.ConformanceTests.Xdp;
using Sidestep.Engine.Xdp;
using Sidestep.Engine.Xdp.Capture;
using Sidestep.Forwarding;
using Sidestep.Forwarding.Capture;
using Sidestep.Model;
using Sidestep.Testing;
using CapturedFrame = Sidestep.Forwarding.Capture.CapturedFrame;
using CaptureFilter = Sidestep.Forwarding.Capture.CaptureFilter;

namespace Sidestep.ConformanceTests.Engine;

/// <summary>Captured frames equal the received and sent frames, and carry the decision; and the capture ends.</summary>
[Collection(SerialEngines.Name)]
public sealed class CaptureTests : IDisposable
{
    private const uint Vip = 0xcb00_7101, Client = 0xc633_6401;
    private readonly PinnedEngine _pinned = new();

    public CaptureTests() => _pinned.Engine.Apply(
        TestTables.Compile([TestTables.Pool("p", "s1"), TestTables.Pool("q", "s2"), TestTables.Pool("none")],
        [TestTables.Service("a", "p"), TestTables.Service("b", "q", port: 54, l3: true),
            TestTables.Service("c", "none", port: 55)]));

    public void Dispose() => _pinned.Dispose();

    [Fact]
    public void Forwarded_frame_is_captured_on_ingress_and_egress()
    {
        using var session = Start();
        var frame = TestTables.Datagram(Vip, 54);
        var sent = _pinned.Engine.Trace(frame, TestTables.InterfaceIndex).Frame.ToArray();
        var (ingress, egress) = Pair(Read(session));
        Assert.Equal((false, true, 1, 1), (ingress.IsOut, egress.IsOut, ingress.Number, egress.Number));
        Assert.Equal(frame, ingress.Bytes.ToArray());
        Assert.Equal(sent, egress.Bytes.ToArray());
        Assert.Equal((frame.Length, sent.Length), (ingress.Length, egress.Length));
        Assert.All([ingress, egress], static f => Assert.Equal(
            (Decision.Forward, null, "b", "s2", TestTables.AddressOf("s2"), XdpAction.Transmit),
            (f.Decision, f.Reason, f.Service, f.Server, f.ServerAddress, f.Action)));
        var now = (DateTime.UtcNow - DateTime.UnixEpoch).TotalSeconds;
        Assert.InRange(ingress.Time / 1e9, now - 60, now + 1);
        Assert.InRange(egress.Time, ingress.Time, ingress.Time + 1_000_000_000);
    }

    [Theory]
    [InlineData(53, Decision.Forward, null, "a", "s1", 2)]
    [InlineData(55, Decision.Drop, DropReason.NoServer, "c", null, 1)]
    [InlineData(99, Decision.Drop, DropReason.NoService, null, null, 1)]
    public void Captured_frame_carries_its_decision_reason_service_and_server(
        int port, Decision decision, DropReason? reason, string? service, string? server, int records)
    {
        using var session = Start();
        Send(port);
        var frames = Read(session);
        Assert.Equal(records, frames.Count);
        Assert.All(frames,
            f => Assert.Equal((decision, reason, service, server), (f.Decision, f.Reason, f.Service, f.Server)));
    }

    [Fact]
    public void Reply_is_captured_as_well()
    {
        using var session = Start();
        _pinned.Engine.Trace(TestTables.ArpRequest(Vip), TestTables.InterfaceIndex);
        var (ingress, egress) = Pair(Read(session));
        Assert.Equal((Decision.ArpReply, Decision.ArpReply, 1, 2),
            (ingress.Decision, egress.Decision, ingress.Bytes.Span[21], egress.Bytes.Span[21]));
    }

    [Fact]
    public void Passed_frames_are_captured_only_when_the_filter_selects_them()
    {
        using (var session = Start())
        {
            _pinned.Engine.Trace(TestTables.Datagram(Vip + 1, 53), TestTables.InterfaceIndex);
            Assert.Empty(Read(session));
        }
        using (var session = Start(new CaptureFilter { Decision = Decision.Pass }))
        {
            _pinned.Engine.Trace(TestTables.Datagram(Vip + 1, 53), TestTables.InterfaceIndex);
            Send(53);
            Assert.Equal(Decision.Pass, Assert.Single(Read(session)).Decision);
        }
    }

    [Fact]
    public void Frame_for_a_local_server_is_captured_as_deliver_locally()
    {
        var given = CaseTable.Given("{nextHops: {web1: {mac: director, local: true}}}");
        _pinned.Engine.Apply(TableCompiler.Compile(given.Configuration, given.NextHops));
        using var session = Start();
        _pinned.Engine.Trace(CaseTable.Frame("[ipv4: {}, tcp: {flags: S}]"), TestTables.InterfaceIndex);
        var frame = Assert.Single(Read(session));
        Assert.Equal((Decision.DeliverLocally, "web", "web1", XdpAction.Pass),
            (frame.Decision, frame.Service, frame.Server, frame.Action));
    }

    [Fact]
    public void Rejected_frame_is_captured_with_its_reply()
    {
        var given = CaseTable.Given("{onNoService: reset}");
        _pinned.Engine.Apply(TableCompiler.Compile(given.Configuration, given.NextHops));
        using var session = Start();
        _pinned.Engine.Trace(CaseTable.Frame("[ipv4: {}, udp: {to: 54}]"), TestTables.InterfaceIndex);
        var (received, reply) = Pair(Read(session));
        Assert.Equal((Decision.IcmpUnreachable, null, XdpAction.Transmit),
            (received.Decision, received.Reason, received.Action));
        // Type 3, code 3, behind the Ethernet and IP headers.
        Assert.Equal((3, 3), (reply.Bytes.Span[34], reply.Bytes.Span[35]));
    }

    public static TheoryData<string, CaptureFilter, int[]> Filters
    {
        get
        {
            static AddressCondition Of(string prefix, CapturedSide side) => new(IPNetwork.Parse(prefix), side);
            var data = new TheoryData<string, CaptureFilter, int[]>();
            void Add(string name, CaptureFilter filter, params int[] ports) => data.Add(name, filter, ports);
            var all = CaptureFilter.Everything;
            Add("source", all with { Addresses = [Of("198.51.100.1/32", CapturedSide.Source)] }, 53, 54, 55, 99);
            Add("another source", all with { Addresses = [Of("198.51.100.2/32", CapturedSide.Source)] });
            Add("client as destination", all with { Addresses = [Of("198.51.100.1/32", CapturedSide.Destination)] });
            Add("either side", all with { Addresses = [Of("203.0.113.0/24", CapturedSide.Either)] }, 53, 54, 55, 99);
            var vip = Of("203.0.113.1/32", CapturedSide.Either);
            Add("two addresses", all with { Addresses = [vip, Of("198.51.100.0/22", CapturedSide.Source)] },
                53, 54, 55, 99);
            Add("one of two does not match",
                all with { Addresses = [vip, Of("198.51.101.0/24", CapturedSide.Either)] });
            Add("IPv6", all with { Addresses = [Of("::/0", CapturedSide.Either)] });
            Add("port", all with { Ports = [54] }, 54);
            Add("both ports", all with { Ports = [40000, 53] }, 53);
            Add("protocol", all with { Protocol = CapturedProtocol.Udp }, 53, 54, 55, 99);
            Add("another protocol", all with { Protocol = CapturedProtocol.Tcp });
            Add("service", all with { Service = "c" }, 55);
            Add("server", all with { Server = "s2" }, 54);
            Add("server's address", all with { Server = "10.1.0.1" }, 53);
            Add("drops", all with { Decision = Decision.Drop }, 55, 99);
            Add("reason", all with { Reason = DropReason.NoService }, 99);
            Add("decision", all with { Decision = Decision.Forward, Ports = [40000] }, 53, 54);
            return data;
        }
    }

    [Theory, MemberData(nameof(Filters), DisableDiscoveryEnumeration = true)]
    public void Only_frames_that_meet_every_condition_are_captured(string name, CaptureFilter filter, int[] ports)
    {
        using var session = Start(filter);
        foreach (var port in new[] { 53, 54, 55, 99 })
            Send(port);
        Assert.Equal((name, string.Join(' ', ports)),
            (name, string.Join(' ', Read(session).Where(static f => !f.IsOut).Select(static f => f.Bytes.Span[37]))));
    }

    [Fact]
    public void Long_frames_are_truncated_to_the_snap_length()
    {
        using var session = Start(limits: new CaptureLimits { Snap = 64 });
        byte[] frame = [.. TestTables.Datagram(Vip, 53), .. Enumerable.Range(0, 200).Select(static i => (byte)i)];
        _pinned.Engine.Trace(frame, TestTables.InterfaceIndex);
        var (ingress, egress) = Pair(Read(session));
        Assert.Equal((260, 260, 64, 64), (ingress.Length, egress.Length, ingress.Bytes.Length, egress.Bytes.Length));
        Assert.Equal(frame[..64], ingress.Bytes.ToArray());
    }

    [Fact]
    public void Sampling_captures_one_frame_in_n()
    {
        using var session = Start(limits: new CaptureLimits { Sample = 10 });
        for (var i = 0; i < 100; i++)
            Send(53);
        // Sampling is per CPU, and this thread may move between CPUs.
        var frames = Read(session);
        Assert.InRange(frames.Count(static f => !f.IsOut), 10 - Environment.ProcessorCount, 10);
        Assert.Equal(frames.Count(static f => !f.IsOut), frames.Count(static f => f.IsOut));
        Assert.Equal(0, session.Counts.Missed);
    }

    [Fact]
    public void Frames_above_the_rate_limit_are_counted_as_missed()
    {
        using var session = Start(limits: new CaptureLimits { Rate = 10 });
        for (var i = 0; i < 500; i++)
            Send(53);
        var frames = Read(session).Count(static f => !f.IsOut);
        // The burst of a tenth of a second, and the frames that the elapsed time allowed.
        Assert.InRange(frames, 1, 100);
        Assert.Equal((500 - frames, 0), (session.Counts.Missed, session.Counts.Lost));
    }

    [Fact]
    public void Records_not_read_in_time_are_counted_as_lost_and_forwarding_continues()
    {
        using var session = Start(limits: new CaptureLimits { Rate = 0, Snap = 2048 });
        byte[] frame = [.. TestTables.Datagram(Vip, 53), .. new byte[1400]];
        var before = Packets("a");
        for (var i = 0; i < 2000; i++)
            Assert.Equal(XdpAction.Transmit, _pinned.Engine.Trace(frame, TestTables.InterfaceIndex).Action);
        var read = Read(session).Count;
        Assert.Equal(2 * 2000, read + session.Counts.Lost);
        Assert.InRange(session.Counts.Lost, 1, 2 * 2000 - 500);
        Assert.Equal(2000ul, Packets("a") - before);
    }

    [Fact]
    public void Only_one_capture_runs_at_a_time()
    {
        using (Start())
        {
            var rejected = Assert.Throws<EngineException>(() => Start());
            Assert.Contains("another 'sidestep capture'", rejected.Message, StringComparison.Ordinal);
        }
        using var next = Start();
        Send(53);
        Assert.Equal(2, Read(next).Count);
    }

    [Fact]
    public void Capture_ends_by_itself_when_its_reader_dies()
    {
        using var maps = _pinned.Maps();
        using (var session = Start())
        {
            Send(53);
            // As if the lease had not been renewed for long. Two ticks, because the program's coarse clock is some
            // milliseconds behind, and may not have begun the present tick.
            maps.Control.Capture = Ticks.Now - 2;
            Send(53);
            Assert.Equal(0u, maps.Control.Capture);
            Assert.Equal(2, Read(session).Count);
        }
        // The state of the dead capture does not affect the next one.
        maps.Capturing = new Sidestep.Engine.Xdp.Layout.CaptureFilter
        {
            Verdicts = ulong.MaxValue,
            Snap = 64,
            Sample = 1,
            Service = uint.MaxValue,
        };
        maps.Control.Capture = Ticks.Now + 100;
        Send(53);
        maps.Control.Capture = Ticks.Now - 2;
        using var next = Start(new CaptureFilter { Service = "b" });
        Send(54);
        Assert.All(Read(next), static f => Assert.Equal("b", f.Service));
    }

    [Fact]
    public void Session_whose_lease_expired_renews_it()
    {
        using var maps = _pinned.Maps();
        using var session = Start();
        maps.Control.Capture = 0;
        Thread.Sleep(600); // longer than the interval between renewals
        session.Poll(TimeSpan.Zero, static _ => { });
        Send(53);
        Assert.Equal(2, Read(session).Count);
    }

    [Fact]
    public void Capture_control_word_is_cleared_when_the_session_ends()
    {
        using var maps = _pinned.Maps();
        using (Start())
            Assert.NotEqual(0u, maps.Control.Capture);
        Assert.Equal((0u, 0ul), (maps.Control.Capture, maps.Capturing.Verdicts));
    }

    [Fact]
    public void Unknown_service_or_server_name_is_rejected_with_the_known_names()
    {
        Assert.Contains("It has a, b, c",
            Assert.Throws<EngineException>(() => Start(new CaptureFilter { Service = "d" })).Message,
                StringComparison.Ordinal);
        Assert.Contains("It has s1, s2",
            Assert.Throws<EngineException>(() => Start(new CaptureFilter { Server = "s3" })).Message,
                StringComparison.Ordinal);
        using var maps = _pinned.Maps();
        Assert.Equal(0u, maps.Control.Capture);
    }

    [Fact]
    public void Capture_of_a_missing_director_returns_null() =>
        Assert.Null(
            CaptureSession.Start("/sys/fs/bpf/sse-none", "none", CaptureFilter.Everything, new CaptureLimits()));

    private CaptureSession Start(CaptureFilter? filter = null, CaptureLimits? limits = null) =>
        CaptureSession.Start(
            _pinned.PinPath, PinnedEngine.Name, filter ?? CaptureFilter.Everything, limits ?? new CaptureLimits())!;

    private void Send(int port) =>
        _pinned.Engine.Trace(TestTables.Datagram(Vip, port, Client), TestTables.InterfaceIndex);

    private ulong Packets(string service) => _pinned.Engine.ReadCounters()
        .Services[ServiceKey.InDefault(service)].Packets;

    private static List<CapturedFrame> Read(CaptureSession session)
    {
        var frames = new List<CapturedFrame>();
        session.Poll(TimeSpan.Zero, frames.Add);
        return frames;
    }

    private static (CapturedFrame In, CapturedFrame Out) Pair(List<CapturedFrame> frames)
    {
        Assert.Equal(2, frames.Count);
        return (frames[0], frames[1]);
    }
}
