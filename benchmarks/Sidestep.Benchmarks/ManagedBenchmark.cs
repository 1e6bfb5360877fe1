using System.Buffers.Binary;
using System.Diagnostics;
using System.Net;
using Sidestep.Benchmarks.Managed;
using Sidestep.Engine.Managed;
using Sidestep.Engine.Managed.Replay;
using Sidestep.Forwarding;
using Sidestep.Forwarding.Pipeline;
using Sidestep.Model;

namespace Sidestep.Benchmarks;

/// <summary>A result of the managed engine.</summary>
/// <param name="Name">Name of the case.</param>
/// <param name="NetNsMedian">Nanoseconds per packet, without the harness where there is one.</param>
/// <param name="NetNsQuartile1">First quartile of the rounds.</param>
/// <param name="NetNsQuartile3">Third quartile of the rounds.</param>
/// <param name="PpsPerCpu">Packets per second of CPU time.</param>
/// <param name="BytesAllocatedPerMillion">Bytes of managed memory allocated per million packets.</param>
/// <param name="PeerName">The case of comparison; null: none.</param>
/// <param name="PeerNsMedian">Nanoseconds per packet of the case of comparison.</param>
/// <param name="Bound">Limit for <paramref name="NetNsMedian"/>; null: none.</param>
/// <param name="WithinBound">True if the median is within the limit.</param>
internal sealed record ManagedResult(
    string Name, double NetNsMedian, double NetNsQuartile1, double NetNsQuartile3, double PpsPerCpu,
        long BytesAllocatedPerMillion,
    string? PeerName, double? PeerNsMedian, Bound? Bound, bool? WithinBound);

/// <summary>Measures the pipeline in C# in this process, and replay from a file.</summary>
internal static class ManagedBenchmark
{
    private const int WarmUp = 3_000_000, ReplayFrames = 2_000_000;
    private static readonly IPAddress Vip = IPAddress.Parse("198.18.100.2");

    internal static IReadOnlyList<ManagedResult> Run(int rounds, int repeat, string? only)
    {
        var results = new List<ManagedResult>();
        foreach (var (name, flows, peer) in new[] { ("parse-encap-ipip", 1u, "ipip-1flow"),
            ("parse-encap-ipip-100kflows", 100_000u, "ipip-100kflows") })
        {
            if (only is not null && !name.Contains(only, StringComparison.Ordinal))
                continue;
            Console.Error.WriteLine($"measuring {name} ({rounds} rounds of {repeat} packets)");
            var xdp = XdpBenchmark.Run(rounds, repeat, peer).Single(c => c.Name == peer).NetNsMedian;
            results.Add(InProcess(name, flows, rounds, repeat, $"xdp {peer}", xdp));
        }
        if (only is null || "replay".Contains(only, StringComparison.Ordinal))
            results.Add(Replay());
        if (only is null || InterfaceBenchmark.Names.Any(n => n.Contains(only, StringComparison.Ordinal)))
            results.AddRange(InterfaceBenchmark.Run(rounds, only));
        return results;
    }

    private static ManagedResult InProcess(string name, uint flows, int rounds, int repeat, string peer, double peerNs)
    {
        using var engine = new ManagedEngine(XdpBenchmark.DefaultFlows);
        engine.Apply(Workloads.Compile((Vip, NetworkProfile.Default)));
        var harness = new PipelineHarness(engine, Traffic.Acknowledgements(Vip, flows).Frame, flows);
        harness.Forward(WarmUp);
        harness.Bare(WarmUp);
        var samples = new List<double>();
        var allocated = 0L;
        for (var round = 0; round < rounds; round++)
        {
            var bare = harness.Bare(repeat);
            var before = GC.GetAllocatedBytesForCurrentThread();
            var gross = harness.Forward(repeat);
            allocated += GC.GetAllocatedBytesForCurrentThread() - before;
            samples.Add(gross - bare);
        }
        var net = new Distribution(samples);
        var bound = Bound.Net(60);
        return new ManagedResult(name, net.Median, net.Quartile1, net.Quartile3, 1e9 / net.Median,
            allocated * 1_000_000 / ((long)rounds * repeat), peer, peerNs, bound, net.Median <= bound.Limit);
    }

    /// <summary>Replays a file from the page cache, without output per frame.</summary>
    private static ManagedResult Replay()
    {
        Console.Error.WriteLine($"measuring replay ({ReplayFrames} frames)");
        var file = Path.GetTempFileName();
        try
        {
            WriteCapture(file, Traffic.Acknowledgements(Vip, 1).Frame);
            var samples = new List<double>();
            var allocated = 0L;
            for (var round = 0; round < 4; round++)
            {
                using var replay = new ManagedReplay(XdpBenchmark.DefaultFlows, isVirtual: true);
                replay.Managed.Apply(Workloads.Compile((Vip, NetworkProfile.Default)));
                using var source = new CaptureFileReader(new FileStream(file, FileMode.Open, FileAccess.Read,
                    FileShare.Read, 0, FileOptions.SequentialScan));
                var before = GC.GetAllocatedBytesForCurrentThread();
                var start = Stopwatch.GetTimestamp();
                var forwarded = 0L;
                while (source.TryRead(out var record))
                    forwarded += replay.Run(record.Bytes, 1, record.Time).Decision == Decision.Forward ? 1 : 0;
                var elapsed = Stopwatch.GetElapsedTime(start);
                if (forwarded != ReplayFrames)
                    throw new InvalidOperationException($"{forwarded} of {ReplayFrames} frames were forwarded");
                // The first round compiles the code and loads the file into the page cache.
                if (round == 0)
                    continue;
                allocated = GC.GetAllocatedBytesForCurrentThread() - before;
                samples.Add(elapsed.TotalNanoseconds / ReplayFrames);
            }
            var net = new Distribution(samples);
            var bound = Bound.Net(500);
            return new ManagedResult("replay", net.Median, net.Quartile1, net.Quartile3, 1e9 / net.Median,
                allocated * 1_000_000 / ReplayFrames,
                null, null, bound, net.Median <= bound.Limit);
        }
        finally
        {
            File.Delete(file);
        }
    }

    private static void WriteCapture(string file, byte[] frame)
    {
        using var stream = new BufferedStream(File.Create(file), 1 << 20);
        Span<byte> header = stackalloc byte[24];
        BinaryPrimitives.WriteUInt32LittleEndian(header, 0xa1b2c3d4);
        BinaryPrimitives.WriteUInt16LittleEndian(header[4..], 2);
        BinaryPrimitives.WriteUInt16LittleEndian(header[6..], 4);
        BinaryPrimitives.WriteUInt32LittleEndian(header[16..], 65535);
        BinaryPrimitives.WriteUInt32LittleEndian(header[20..], 1);
        stream.Write(header);
        Span<byte> record = stackalloc byte[16];
        for (var i = 0; i < ReplayFrames; i++)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(record, (uint)(i / 1_000_000));
            BinaryPrimitives.WriteUInt32LittleEndian(record[4..], (uint)(i % 1_000_000));
            BinaryPrimitives.WriteUInt32LittleEndian(record[8..], (uint)frame.Length);
            BinaryPrimitives.WriteUInt32LittleEndian(record[12..], (uint)frame.Length);
            BinaryPrimitives.WriteUInt32LittleEndian(frame.AsSpan(26), (uint)(i % 1000) * 7919);
            stream.Write(record);
            stream.Write(frame);
        }
    }

    /// <summary>The same frame repeatedly, from another client each time, and at a new address in memory, as from a
    /// network card. The harness alone is measured, too.</summary>
    private sealed class PipelineHarness(ManagedEngine engine, byte[] original, uint flows)
    {
        private const int SourceAt = 26, FirstSource = 0x0a800000;

        private readonly byte[] _buffer = new byte[2048];
        private readonly PacketPipeline _pipeline = engine.NewPipeline();
        private uint _next;

        /// <summary>Nanoseconds per packet, harness included.</summary>
        internal double Forward(int packets)
        {
            var tables = engine.Tables!;
            var forwarded = 0;
            var start = Stopwatch.GetTimestamp();
            for (var i = 0; i < packets; i++)
            {
                Restore();
                var frame = new Frame(_buffer, Frame.Headroom, original.Length);
                forwarded += _pipeline.Process(tables, ref frame, 1) == Decision.Forward ? 1 : 0;
            }
            var elapsed = Stopwatch.GetElapsedTime(start);
            return forwarded == packets ? elapsed.TotalNanoseconds / packets
                : throw new InvalidOperationException($"{forwarded} of {packets} packets were forwarded");
        }

        /// <summary>Nanoseconds per packet of the harness alone.</summary>
        internal double Bare(int packets)
        {
            var bytes = 0L;
            var start = Stopwatch.GetTimestamp();
            for (var i = 0; i < packets; i++)
            {
                Restore();
                var frame = new Frame(_buffer, Frame.Headroom, original.Length);
                bytes += frame.Bytes[SourceAt];
            }
            var elapsed = Stopwatch.GetElapsedTime(start);
            GC.KeepAlive(bytes);
            return elapsed.TotalNanoseconds / packets;
        }

        private void Restore()
        {
            original.CopyTo(_buffer, Frame.Headroom);
            BinaryPrimitives.WriteUInt32BigEndian(_buffer.AsSpan(Frame.Headroom + SourceAt), FirstSource + _next);
            if (++_next >= flows)
                _next = 0;
        }
    }
}
