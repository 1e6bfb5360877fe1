using System.Buffers.Binary;
using Sidestep.ConformanceTests.Cases;
using Sidestep.ConformanceTests.Xdp;
using Sidestep.Engine.Managed;
using Sidestep.Forwarding;
using Sidestep.Forwarding.Pipeline;
using Sidestep.Testing;

namespace Sidestep.ConformanceTests.Engine;

/// <summary>CPUs read the clock at different moments: a flow that one CPU has just seen is ahead of another CPU's time,
/// and must not count as idle.</summary>
[Collection(SerialEngines.Name)]
public sealed class ClockSkewTests
{
    private const long Tick = 1 << 26;

    // An odd number: a flow that counts as new would get the other server.
    private const int Flows = 3;

    [Fact]
    public void Xdp_engine_keeps_a_flow_that_a_CPU_with_a_later_clock_has_seen()
    {
        using var pinned = new PinnedEngine();
        pinned.Engine.Apply(RoundRobin());
        ulong[] Servers() =>
            [.. Enumerable.Range(0, Flows).Select(f => ServerOf(pinned.Engine.Trace(Segment(f), 1).Frame.Span))];
        var first = Servers();
        Assert.Equal(first, Servers());
        using (var maps = pinned.Maps())
        {
            foreach (ref var flow in maps.Flows)
            {
                if (flow.Id != 0)
                    flow.Seen += 2;
            }
        }
        Assert.Equal(first, Servers());
    }

    [Fact]
    public void Managed_engine_keeps_a_flow_that_a_thread_with_a_later_clock_has_seen()
    {
        var (engine, one, ahead) = TwoPipelines(flowTableSize: 4096);
        ulong[] Servers(PacketPipeline pipeline) =>
            [.. Enumerable.Range(0, Flows).Select(f => Server(engine, pipeline, f))];
        var first = Servers(one);
        Assert.Equal(first, Servers(ahead));
        Assert.Equal(first, Servers(one));
    }

    [Fact]
    public void Flow_just_seen_by_another_thread_is_not_evicted()
    {
        // One bucket.
        var (engine, one, ahead) = TwoPipelines(flowTableSize: 4);
        foreach (var flow in Enumerable.Range(0, 7))
            Server(engine, one, flow);
        Server(engine, ahead, 7);
        Server(engine, one, 8);
        var tracked = new List<int>();
        engine.VisitFlows(f => tracked.Add(f.Flow.SourcePort - 40000));
        Assert.Equal(8, tracked.Count);
        Assert.Superset(new HashSet<int> { 7, 8 }, tracked.ToHashSet());
    }

    private static (ManagedEngine Engine, PacketPipeline One, PacketPipeline Ahead) TwoPipelines(int flowTableSize)
    {
        var engine = new ManagedEngine(flowTableSize, static () => 1_000_000 * Tick);
        engine.Apply(RoundRobin());
        var ahead = engine.NewPipeline();
        ahead.Now += Tick;
        return (engine, engine.NewPipeline(), ahead);
    }

    private static ForwardingTables RoundRobin()
    {
        var given = CaseTable.Given("pools: {web: {algorithm: round-robin, servers: {web2: {address: web2}}}}");
        return TableCompiler.Compile(given.Configuration, given.NextHops);
    }

    private static ulong Server(ManagedEngine engine, PacketPipeline pipeline, int flow)
    {
        var buffer = new byte[1024];
        var segment = Segment(flow);
        segment.CopyTo(buffer, 256);
        var frame = new Frame(buffer, 256, segment.Length);
        Assert.Equal(Decision.Forward, pipeline.Process(engine.Tables!, ref frame, 1));
        return ServerOf(frame.Bytes);
    }

    private static byte[] Segment(int flow) =>
        CaseTable.Frame($"[ipv4: {{}}, tcp: {{from: {40000 + flow}, flags: A}}]");

    /// <summary>The Ethernet destination of a frame.</summary>
    private static ulong ServerOf(ReadOnlySpan<byte> frame) => BinaryPrimitives.ReadUInt64BigEndian(frame) >> 16;
}
