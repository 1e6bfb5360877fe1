using System.Collections.Concurrent;
using Sidestep.Forwarding;
using Sidestep.Forwarding.Capture;
using Sidestep.Forwarding.Pipeline;
using Sidestep.Native;

namespace Sidestep.Engine.Managed.Capture;

/// <summary>Records frames of all workers for somebody who looks: as they came in and as they went out. It ends by itself when nobody
/// fetches them any more.</summary>
public sealed class CaptureTap
{
    /// <summary>Records that wait to be fetched; more are lost, and counted.</summary>
    public const int MaxWaiting = 4096;

    private static readonly TimeSpan FetchTimeout = TimeSpan.FromSeconds(3);

    private readonly ManagedEngine _engine;
    private readonly CaptureFilter _filter;
    private readonly CaptureLimits _limits;
    private readonly ConcurrentQueue<CapturedFrame> _waiting = new();
    private readonly ConcurrentDictionary<int, string> _names = new();
    private readonly Lock _gate = new();
    private long _seen, _number, _missed, _lost, _second, _inSecond;
    private long _fetched = Environment.TickCount64;

    /// <summary>What one thread knows of the frame that it is looking at.</summary>
    internal sealed class Scratch(CaptureFilter filter, int snap)
    {
        internal CaptureMatcher Matcher { get; } = new(filter);

        internal byte[] Bytes { get; } = new byte[snap];

        internal int Recorded, Length;
    }

    internal CaptureTap(ManagedEngine engine, CaptureFilter filter, CaptureLimits limits) => (_engine, _filter, _limits) = (engine, filter, limits);

    /// <summary>For one more thread.</summary>
    internal Scratch NewScratch() => new(_filter, _limits.Snap);

    /// <summary>What was not recorded.</summary>
    public CaptureCounts Counts => new(Interlocked.Read(ref _missed), Interlocked.Read(ref _lost));

    /// <summary>Nobody has fetched anything for a while.</summary>
    internal bool IsAbandoned => TimeSpan.FromMilliseconds(Environment.TickCount64 - Volatile.Read(ref _fetched)) > FetchTimeout;

    /// <summary>Takes what waits.</summary>
    public IReadOnlyList<CapturedFrame> Fetch(int max)
    {
        Volatile.Write(ref _fetched, Environment.TickCount64);
        var frames = new List<CapturedFrame>();
        while (frames.Count < max && _waiting.TryDequeue(out var frame))
            frames.Add(frame);
        return frames;
    }

    /// <summary>Whether a frame may be wanted; if so, keeps its beginning as it came in.</summary>
    internal bool BeginFrame(Scratch scratch, ReadOnlySpan<byte> frame)
    {
        if (IsAbandoned || (_limits.Sample > 1 && Interlocked.Increment(ref _seen) % _limits.Sample != 0))
            return false;
        if (frame.Length < 14 || !scratch.Matcher.Matches(frame))
            return false;
        scratch.Length = frame.Length;
        scratch.Recorded = Math.Min(frame.Length, scratch.Bytes.Length);
        frame[..scratch.Recorded].CopyTo(scratch.Bytes);
        return true;
    }

    /// <summary>Records, if what became of it is wanted, too.</summary>
    internal void EndFrame(Scratch scratch, PacketPipeline pipeline, PipelineTables tables, Decision decision, ReadOnlySpan<byte> frame, int interfaceIndex)
    {
        var packet = pipeline.LastPacket;
        var server = tables.Server(packet.Server)?.Key;
        var result = new ReplayedFrame
        {
            Decision = decision,
            Reason = packet.Reason,
            Service = packet.Service >= 0 ? _engine.ServiceName(packet.Service) : null,
            Server = server,
            Slot = packet.Slot,
            Egress = packet.Egress,
            Bytes = frame,
        };
        if (!scratch.Matcher.Matches(result))
            return;
        long number;
        lock (_gate)
        {
            if (!IsWithinRate())
            {
                _missed++;
                return;
            }
            number = ++_number;
        }
        var action = ManagedEngine.ActionOf(decision, packet.Egress, interfaceIndex);
        var record = new CapturedFrame
        {
            Number = number,
            Time = (DateTime.UtcNow - DateTime.UnixEpoch).Ticks * TimeSpan.NanosecondsPerTick,
            IsOut = false,
            Interface = NameOf(interfaceIndex),
            Decision = decision,
            Reason = decision == Decision.Drop ? packet.Reason : null,
            Action = action,
            Service = result.Service,
            Server = server?.Name,
            ServerAddress = server?.Address,
            Length = scratch.Length,
            Bytes = scratch.Bytes.AsSpan(0, scratch.Recorded).ToArray(),
        };
        Add(record);
        if (action is XdpAction.Transmit or XdpAction.Redirect || decision == Decision.Punted)
        {
            Add(record with
            {
                IsOut = true,
                Interface = NameOf(packet.Egress),
                Length = frame.Length,
                Bytes = frame[..Math.Min(frame.Length, _limits.Snap)].ToArray(),
            });
        }
    }

    private void Add(CapturedFrame frame)
    {
        if (_waiting.Count < MaxWaiting)
            _waiting.Enqueue(frame);
        else
            Interlocked.Increment(ref _lost);
    }

    /// <summary>No more than so many a second.</summary>
    private bool IsWithinRate()
    {
        if (_limits.Rate == 0)
            return true;
        var second = Environment.TickCount64 / 1000;
        if (second != _second)
            (_second, _inSecond) = (second, 0);
        return ++_inSecond <= _limits.Rate;
    }

    private string NameOf(int index) => _names.GetOrAdd(index, static i => Kernel.InterfaceName(i) ?? $"if{i}");
}
