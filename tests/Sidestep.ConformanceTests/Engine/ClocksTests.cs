using System.Buffers.Binary;
using Sidestep.ConformanceTests.Cases;
using Sidestep.ConformanceTests.Xdp;
using Sidestep.Engine.Managed;
using Sidestep.Forwarding;
using Sidestep.Forwarding.Pipeline;

namespace Sidestep.ConformanceTests.Engine;

/// <summary>CPUs look at the clock at different moments: what one has just seen is ahead of the other's time, and not idle for ever.</summary>
[Collection(OneAtATime.Name)]
public sealed class ClocksTests
{
    private const long Tick = 1 << 26;

    // An odd number: a flow that is taken for a new one gets the other turn.
    private const int Flows = 3;

    [Fact]
    public void A_flow_that_another_CPU_saw_a_moment_later_stays_in_the_xdp_engine()
    {
        using var pinned = new PinnedEngine();
        pinned.Engine.Apply(InTurn());
        ulong[] Servers() => [.. Enumerable.Range(0, Flows).Select(f => ServerOf(pinned.Engine.Trace(Segment(f), 1).Frame.Span))];
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
    public void A_flow_that_another_thread_saw_a_moment_later_stays_in_the_managed_engine()
    {
        var (engine, one, ahead) = TwoPipelines(rememberedFlows: 4096);
        ulong[] Servers(PacketPipeline pipeline) => [.. Enumerable.Range(0, Flows).Select(f => Server(engine, pipeline, f))];
        var first = Servers(one);
        Assert.Equal(first, Servers(ahead));
        Assert.Equal(first, Servers(one));
    }

    [Fact]
    public void What_another_thread_has_just_seen_is_not_pushed_out()
    {
        // One bucket.
        var (engine, one, ahead) = TwoPipelines(rememberedFlows: 4);
        foreach (var flow in Enumerable.Range(0, 7))
            Server(engine, one, flow);
        Server(engine, ahead, 7);
        Server(engine, one, 8);
        var remembered = new List<int>();
        engine.VisitFlows(f => remembered.Add(f.Flow.SourcePort - 40000));
        Assert.Equal(8, remembered.Count);
        Assert.Superset(new HashSet<int> { 7, 8 }, remembered.ToHashSet());
    }

    private static (ManagedEngine Engine, PacketPipeline One, PacketPipeline Ahead) TwoPipelines(int rememberedFlows)
    {
        var engine = new ManagedEngine(rememberedFlows, static () => 1_000_000 * Tick);
        engine.Apply(InTurn());
        var ahead = engine.NewPipeline();
        ahead.Now += Tick;
        return (engine, engine.NewPipeline(), ahead);
    }

    private static ForwardingTables InTurn()
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

    private static byte[] Segment(int flow) => CaseTable.Frame($"[ipv4: {{}}, tcp: {{from: {40000 + flow}, flags: A}}]");

    /// <summary>Where a frame goes: its Ethernet destination.</summary>
    private static ulong ServerOf(ReadOnlySpan<byte> frame) => BinaryPrimitives.ReadUInt64BigEndian(frame) >> 16;
}
