using System.Collections.Concurrent;
using Sidestep.Forwarding;
using Sidestep.Forwarding.Capture;
using Sidestep.Forwarding.Pipeline;
using Sidestep.Native;

namespace Sidestep.Engine.Managed.Capture;

/// <summary>A running capture: records received and sent frames of all workers. It ends by itself when no client
/// fetches the records any more. Workers and the client use it at the same time.</summary>
public sealed class CaptureTap
{
    /// <summary>The most records that wait to be fetched; further ones are lost, and counted.</summary>
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

    /// <summary>Scratch space of one worker: the beginning of the received frame that it is processing.</summary>
    internal sealed class Scratch(CaptureFilter filter, int snap)
    {
        internal CaptureMatcher Matcher { get; } = new(filter);

        internal byte[] Bytes { get; } = new byte[snap];

        internal int Recorded, Length;
    }

    internal CaptureTap(ManagedEngine engine, CaptureFilter filter, CaptureLimits limits) =>
        (_engine, _filter, _limits) = (engine, filter, limits);

    /// <summary>Creates the scratch space of a worker.</summary>
    internal Scratch NewScratch() => new(_filter, _limits.Snap);

    /// <summary>Numbers of frames that were not recorded, by reason.</summary>
    public CaptureCounts Counts => new(Interlocked.Read(ref _missed), Interlocked.Read(ref _lost));

    /// <summary>True if no client has fetched records for 3 s.</summary>
    internal bool IsAbandoned =>
        TimeSpan.FromMilliseconds(Environment.TickCount64 - Volatile.Read(ref _fetched)) > FetchTimeout;

    /// <summary>Takes waiting records, in order.</summary>
    /// <param name="max">The most records to take.</param>
    public IReadOnlyList<CapturedFrame> Fetch(int max)
    {
        Volatile.Write(ref _fetched, Environment.TickCount64);
        var frames = new List<CapturedFrame>();
        while (frames.Count < max && _waiting.TryDequeue(out var frame))
            frames.Add(frame);
        return frames;
    }

    /// <summary>Applies the filter to a received frame and copies its beginning if it matches so far.</summary>
    /// <returns>True when <see cref="EndFrame"/> must be called.</returns>
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

    /// <summary>Records the frame if its result matches the filter, too.</summary>
    internal void EndFrame(
        Scratch scratch, PacketPipeline pipeline, PipelineTables tables, Decision decision, ReadOnlySpan<byte> frame,
        int interfaceIndex)
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
            ServerAddress = server?.Address.Address,
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

    /// <summary>Enforces the rate limit; called under the lock.</summary>
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
