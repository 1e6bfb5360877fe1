using Sidestep.ConformanceTests.Cases;
using Sidestep.Engine.Managed;
using Sidestep.Forwarding;
using Sidestep.Forwarding.Pipeline;

namespace Sidestep.ConformanceTests.Engine;

/// <summary>The pipeline in C# allocates nothing per packet, whatever the packet.</summary>
public sealed class AllocationTests
{
    private const int FramesOfEach = 2000, Times = 3, Headroom = 256;

    [Fact]
    public void A_million_packets_of_every_kind_allocate_nothing()
    {
        var engine = new ManagedEngine(flowTableSize: 4096);
        var pipeline = engine.NewPipeline();
        var buffer = new byte[16_384];
        long frames = 0, allocated = 0;
        foreach (var row in CaseTable.All)
        {
            engine.Apply(TableCompiler.Compile(row.Given.Configuration, row.Given.NextHops, now: row.Steps[0].Now));
            var tables = engine.Tables!;
            var index = row.Given.InterfaceIndex(row.Steps[0].Interface);
            // The runtime allocates once, when it compiles; packets would allocate every time.
            var bytes = Enumerable.Range(0, Times).Min(_ => Run(pipeline, tables, buffer, row.In, index, FramesOfEach));
            Assert.True(bytes == 0, $"{bytes} bytes for {FramesOfEach} frames of '{row.Sentence}'");
            allocated += bytes;
            frames += FramesOfEach;
        }
        Assert.Equal(0, allocated);
        Assert.InRange(frames, 1_000_000, long.MaxValue);
    }

    /// <returns>Allocated bytes.</returns>
    private static long Run(
        PacketPipeline pipeline, PipelineTables tables, byte[] buffer, byte[] input, int index, int times)
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < times; i++)
        {
            input.CopyTo(buffer, Headroom);
            var frame = new Frame(buffer, Headroom, input.Length);
            pipeline.Now += 1000;
            pipeline.Process(tables, ref frame, index);
        }
        return GC.GetAllocatedBytesForCurrentThread() - before;
    }
}
