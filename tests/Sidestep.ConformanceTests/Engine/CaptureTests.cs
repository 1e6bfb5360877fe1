using System.Net;
using Sidestep.ConformanceTests.Cases;
using Sidestep.ConformanceTests.Xdp;
using Sidestep.Engine.Xdp;
using Sidestep.Engine.Xdp.Capture;
using Sidestep.Forwarding;
using Sidestep.Forwarding.Capture;
using CapturedFrame = Sidestep.Forwarding.Capture.CapturedFrame;
using CaptureFilter = Sidestep.Forwarding.Capture.CaptureFilter;

namespace Sidestep.ConformanceTests.Engine;

/// <summary>What is captured is what came in and what went out, with what was decided; and it ends.</summary>
[Collection(OneAtATime.Name)]
public sealed class CaptureTests : IDisposable
{
    private const uint Vip = 0xcb00_7101, Client = 0xc633_6401;
    private readonly PinnedEngine _pinned = new();

    public CaptureTests() => _pinned.Engine.Apply(Tables.Compile([Tables.Pool("p", "s1"), Tables.Pool("q", "s2"), Tables.Pool("none")],
        [Tables.Service("a", "p"), Tables.Service("b", "q", port: 54, l3: true), Tables.Service("c", "none", port: 55)]));

    public void Dispose() => _pinned.Dispose();

    [Fact]
    public void AForwardedFrameIsThereAsItCameInAndAsItWentOut()
    {
        using var session = Start();
        var frame = Tables.Datagram(Vip, 54);
        var sent = _pinned.Engine.Trace(frame, Tables.InterfaceIndex).Frame.ToArray();
        var (inward, outward) = Pair(Read(session));
        Assert.Equal((false, true, 1, 1), (inward.IsOut, outward.IsOut, inward.Number, outward.Number));
        Assert.Equal(frame, inward.Bytes.ToArray());
        Assert.Equal(sent, outward.Bytes.ToArray());
        Assert.Equal((frame.Length, sent.Length), (inward.Length, outward.Length));
        Assert.All([inward, outward], static f => Assert.Equal(
            (Decision.Forward, null, "b", "s2", Tables.AddressOf("s2"), XdpAction.Transmit), (f.Decision, f.Reason, f.Service, f.Server, f.ServerAddress, f.Action)));
        var now = (DateTime.UtcNow - DateTime.UnixEpoch).TotalSeconds;
        Assert.InRange(inward.Time / 1e9, now - 60, now + 1);
        Assert.InRange(outward.Time, inward.Time, inward.Time + 1_000_000_000);
    }

    [Theory]
    [InlineData(53, Decision.Forward, null, "a", "s1", 2)]
    [InlineData(55, Decision.Drop, DropReason.NoServer, "c", null, 1)]
    [InlineData(99, Decision.Drop, DropReason.NoService, null, null, 1)]
    public void WhatBecameOfItIsSaid(int port, Decision decision, DropReason? reason, string? service, string? server, int records)
    {
        using var session = Start();
        Send(port);
        var frames = Read(session);
        Assert.Equal(records, frames.Count);
        Assert.All(frames, f => Assert.Equal((decision, reason, service, server), (f.Decision, f.Reason, f.Service, f.Server)));
    }

    [Fact]
    public void AnAnswerIsThereToo()
    {
        using var session = Start();
        _pinned.Engine.Trace(Tables.ArpRequest(Vip), Tables.InterfaceIndex);
        var (inward, outward) = Pair(Read(session));
        Assert.Equal((Decision.AnswerArp, Decision.AnswerArp, 1, 2), (inward.Decision, outward.Decision, inward.Bytes.Span[21], outward.Bytes.Span[21]));
    }

    [Fact]
    public void WhatTheKernelIsLeftWithIsThereOnlyForWhoAsks()
    {
        using (var session = Start())
        {
            _pinned.Engine.Trace(Tables.Datagram(Vip + 1, 53), Tables.InterfaceIndex);
            Assert.Empty(Read(session));
        }
        using (var session = Start(new CaptureFilter { Decision = Decision.Pass }))
        {
            _pinned.Engine.Trace(Tables.Datagram(Vip + 1, 53), Tables.InterfaceIndex);
            Send(53);
            Assert.Equal(Decision.Pass, Assert.Single(Read(session)).Decision);
        }
    }

    [Fact]
    public void WhatTheDirectorItselfServesIsThereAsDeliveredLocally()
    {
        var given = CaseTable.Given("{nextHops: {web1: {mac: director, local: true}}}");
        _pinned.Engine.Apply(TableCompiler.Compile(given.Configuration, given.NextHops));
        using var session = Start();
        _pinned.Engine.Trace(CaseTable.Frame("[ipv4: {}, tcp: {flags: S}]"), Tables.InterfaceIndex);
        var frame = Assert.Single(Read(session));
        Assert.Equal((Decision.DeliverLocally, "web", "web1", XdpAction.Pass), (frame.Decision, frame.Service, frame.Server, frame.Action));
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
            Add("source that is not", all with { Addresses = [Of("198.51.100.2/32", CapturedSide.Source)] });
            Add("the other side", all with { Addresses = [Of("198.51.100.1/32", CapturedSide.Destination)] });
            Add("either side", all with { Addresses = [Of("203.0.113.0/24", CapturedSide.Either)] }, 53, 54, 55, 99);
            Add("two addresses", all with { Addresses = [Of("203.0.113.1/32", CapturedSide.Either), Of("198.51.100.0/22", CapturedSide.Source)] }, 53, 54, 55, 99);
            Add("one of two is not", all with { Addresses = [Of("203.0.113.1/32", CapturedSide.Either), Of("198.51.101.0/24", CapturedSide.Either)] });
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
    public void OnlyWhatMeetsEveryConditionIsThere(string name, CaptureFilter filter, int[] ports)
    {
        using var session = Start(filter);
        foreach (var port in new[] { 53, 54, 55, 99 })
            Send(port);
        Assert.Equal((name, string.Join(' ', ports)), (name, string.Join(' ', Read(session).Where(static f => !f.IsOut).Select(static f => f.Bytes.Span[37]))));
    }

    [Fact]
    public void LongFramesAreCutOff()
    {
        using var session = Start(limits: new CaptureLimits { Snap = 64 });
        byte[] frame = [.. Tables.Datagram(Vip, 53), .. Enumerable.Range(0, 200).Select(static i => (byte)i)];
        _pinned.Engine.Trace(frame, Tables.InterfaceIndex);
        var (inward, outward) = Pair(Read(session));
        Assert.Equal((260, 260, 64, 64), (inward.Length, outward.Length, inward.Bytes.Length, outward.Bytes.Length));
        Assert.Equal(frame[..64], inward.Bytes.ToArray());
    }

    [Fact]
    public void ASampleIsOneOfSoMany()
    {
        using var session = Start(limits: new CaptureLimits { Sample = 10 });
        for (var i = 0; i < 100; i++)
            Send(53);
        // By CPU, and this thread may move between them.
        var frames = Read(session);
        Assert.InRange(frames.Count(static f => !f.IsOut), 10 - Environment.ProcessorCount, 10);
        Assert.Equal(frames.Count(static f => !f.IsOut), frames.Count(static f => f.IsOut));
        Assert.Equal(0, session.Counts.Missed);
    }

    [Fact]
    public void WhatIsBeyondTheBoundIsCounted()
    {
        using var session = Start(limits: new CaptureLimits { Rate = 10 });
        for (var i = 0; i < 500; i++)
            Send(53);
        var frames = Read(session).Count(static f => !f.IsOut);
        // A tenth of a second ahead, and what the time that it took allowed.
        Assert.InRange(frames, 1, 100);
        Assert.Equal((500 - frames, 0), (session.Counts.Missed, session.Counts.Lost));
    }

    [Fact]
    public void WhatIsNotReadInTimeIsCountedAndForwardedAllTheSame()
    {
        using var session = Start(limits: new CaptureLimits { Rate = 0, Snap = 2048 });
        byte[] frame = [.. Tables.Datagram(Vip, 53), .. new byte[1400]];
        var before = Packets("a");
        for (var i = 0; i < 2000; i++)
            Assert.Equal(XdpAction.Transmit, _pinned.Engine.Trace(frame, Tables.InterfaceIndex).Action);
        var read = Read(session).Count;
        Assert.Equal(2 * 2000, read + session.Counts.Lost);
        Assert.InRange(session.Counts.Lost, 1, 2 * 2000 - 500);
        Assert.Equal(2000ul, Packets("a") - before);
    }

    [Fact]
    public void ThereIsOneCaptureAtATime()
    {
        using (Start())
        {
            var refused = Assert.Throws<EngineException>(() => Start());
            Assert.Contains("another 'sidestep capture'", refused.Message, StringComparison.Ordinal);
        }
        using var next = Start();
        Send(53);
        Assert.Equal(2, Read(next).Count);
    }

    [Fact]
    public void AfterTheDeathOfItsReaderItEndsByItself()
    {
        using var maps = _pinned.Maps();
        using (var session = Start())
        {
            Send(53);
            // As if nobody had renewed it for long.
            maps.Control.Capture = Ticks.Now - 1;
            Send(53);
            Assert.Equal(0u, maps.Control.Capture);
            Assert.Equal(2, Read(session).Count);
        }
        // What the dead one left is not the next one's.
        maps.Capturing = new Sidestep.Engine.Xdp.Layout.CaptureFilter { Outcomes = ulong.MaxValue, Snap = 64, Sample = 1, Service = uint.MaxValue };
        maps.Control.Capture = Ticks.Now + 100;
        Send(53);
        maps.Control.Capture = Ticks.Now - 1;
        using var next = Start(new CaptureFilter { Service = "b" });
        Send(54);
        Assert.All(Read(next), static f => Assert.Equal("b", f.Service));
    }

    [Fact]
    public void WhoSleptForTooLongTakesItAnew()
    {
        using var maps = _pinned.Maps();
        using var session = Start();
        maps.Control.Capture = 0;
        Thread.Sleep(600); // longer than the lease is left alone
        session.Poll(TimeSpan.Zero, static _ => { });
        Send(53);
        Assert.Equal(2, Read(session).Count);
    }

    [Fact]
    public void WhenItEndsTheWordIsClear()
    {
        using var maps = _pinned.Maps();
        using (Start())
            Assert.NotEqual(0u, maps.Control.Capture);
        Assert.Equal((0u, 0ul), (maps.Control.Capture, maps.Capturing.Outcomes));
    }

    [Fact]
    public void NamesThatTheDirectorDoesNotHaveAreRefusedWithThoseItHas()
    {
        Assert.Contains("It has a, b, c", Assert.Throws<EngineException>(() => Start(new CaptureFilter { Service = "d" })).Message, StringComparison.Ordinal);
        Assert.Contains("It has s1, s2", Assert.Throws<EngineException>(() => Start(new CaptureFilter { Server = "s3" })).Message, StringComparison.Ordinal);
        using var maps = _pinned.Maps();
        Assert.Equal(0u, maps.Control.Capture);
    }

    [Fact]
    public void NothingIsPinned() => Assert.Null(CaptureSession.Start("/sys/fs/bpf/sse-none", "none", CaptureFilter.Everything, new CaptureLimits()));

    private CaptureSession Start(CaptureFilter? filter = null, CaptureLimits? limits = null) =>
        CaptureSession.Start(_pinned.PinPath, PinnedEngine.Name, filter ?? CaptureFilter.Everything, limits ?? new CaptureLimits())!;

    private void Send(int port) => _pinned.Engine.Trace(Tables.Datagram(Vip, port, Client), Tables.InterfaceIndex);

    private ulong Packets(string service) => _pinned.Engine.ReadCounters().Services[service].Packets;

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
