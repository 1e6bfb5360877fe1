using System.Diagnostics;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Sidestep.Engine.Xdp.Layout;
using Sidestep.Forwarding;
using Sidestep.Forwarding.Capture;
using Sidestep.Native;
using CapturedFrame = Sidestep.Forwarding.Capture.CapturedFrame;
using CaptureFilter = Sidestep.Forwarding.Capture.CaptureFilter;

namespace Sidestep.Engine.Xdp.Capture;

/// <summary>Captures frames of a director through what is pinned: no daemon is needed. It ends with <see cref="Dispose"/>, and
/// by itself seconds after the death of this process.</summary>
/// <remarks>One thread at a time.</remarks>
public sealed class CaptureSession : ICaptureSession
{
    private static readonly int HeaderBytes = Unsafe.SizeOf<Layout.CapturedFrame>() - Constants.CaptureBytes;
    private readonly StateMaps _maps;
    private readonly PinDirectory _pins;
    private readonly BpfRingBuffer _ring;
    private readonly CaptureLease _lease;
    private readonly RateLimiter _rate;
    private readonly CaptureCounts _before;
    private readonly long _clockOffset;
    private readonly Dictionary<uint, string> _interfaces = [];

    /// <summary>By CPU: the program's number of the last frame, and its number here; 0: it was left out.</summary>
    private readonly Dictionary<ushort, (ulong Theirs, long Ours)> _last = [];
    private long _number;
    private long _skipped;

    private CaptureSession(StateMaps maps, PinDirectory pins, CaptureFilter filter, CaptureLimits limits)
    {
        var written = FilterWriter.Of(filter, limits, RunningTables.Read(maps));
        _maps = maps;
        _pins = pins;
        _rate = new RateLimiter(limits.Rate);
        _clockOffset = (DateTime.UtcNow - DateTime.UnixEpoch).Ticks * TimeSpan.NanosecondsPerTick - Stopwatch.GetElapsedTime(0).Ticks * TimeSpan.NanosecondsPerTick;
        _lease = new CaptureLease(maps);
        _lease.Take();
        try
        {
            // A capture that was killed may have left its filter, records, and frames that are being looked at.
            maps.Capturing = default;
            Kernel.WaitForRunningPrograms();
            _ring = BpfRingBuffer.Open(maps.Map(StateMaps.CapturedMap));
            _ring.Poll(TimeSpan.Zero, static _ => { });
            for (var cpu = 0; cpu < maps.Cpus; cpu++)
                maps.Counters(cpu).CaptureDue = 0;
            _before = ReadCounts();
            maps.Capturing = written with { Verdicts = 0 };
            Volatile.Write(ref maps.Capturing.Verdicts, written.Verdicts);
        }
        catch
        {
            _ring?.Dispose();
            _lease.Return();
            throw;
        }
    }

    /// <summary>Begins to capture; null when nothing of that name is pinned.</summary>
    /// <param name="pinPath">Folder of all directors.</param>
    /// <param name="name">Name of the director.</param>
    /// <param name="filter">Which frames.</param>
    /// <param name="limits">How many, and how much of them.</param>
    /// <exception cref="EngineException">Not allowed, pinned by another version, captured by another process, or the filter
    /// names what the director does not have.</exception>
    public static CaptureSession? Start(string pinPath, string name, CaptureFilter filter, CaptureLimits limits)
    {
        ArgumentNullException.ThrowIfNull(filter);
        ArgumentNullException.ThrowIfNull(limits);
        if (PinnedMaps.Open(pinPath, name, writable: true) is not { } maps)
            return null;
        try
        {
            return new CaptureSession(maps, new PinDirectory(pinPath, name), filter, limits);
        }
        catch
        {
            maps.Dispose();
            throw;
        }
    }

    /// <summary>What was not recorded so far.</summary>
    public CaptureCounts Counts
    {
        get
        {
            var now = ReadCounts();
            return new CaptureCounts(now.Missed - _before.Missed + _skipped, now.Lost - _before.Lost);
        }
    }

    /// <summary>Waits for frames and hands them over; to be called more often than once a second.</summary>
    /// <param name="timeout">At most this long.</param>
    /// <param name="handle">Takes one. What it throws, this throws.</param>
    /// <exception cref="EngineException">Another process took over while this one slept.</exception>
    public void Poll(TimeSpan timeout, Action<CapturedFrame> handle)
    {
        _lease.Renew();
        _ring.Poll(timeout, record =>
        {
            if (Read(record) is { } frame)
                handle(frame);
            // A reader that is slower than the frames come must not lose the lease on the way.
            _lease.Renew();
        });
    }

    /// <summary>Ends the capture.</summary>
    public void Dispose()
    {
        _maps.Capturing.Verdicts = 0;
        _lease.Return();
        _ring.Dispose();
        _maps.Dispose();
    }

    /// <summary>Null: beyond the bound.</summary>
    private CapturedFrame? Read(ReadOnlySpan<byte> record)
    {
        var head = default(Layout.CapturedFrame);
        record[..HeaderBytes].CopyTo(MemoryMarshal.AsBytes(new Span<Layout.CapturedFrame>(ref head)));
        var isOut = head.Direction == Constants.CaptureOut;
        if (!isOut)
            _last[head.Cpu] = (head.Number, _rate.Allows((long)head.Time) ? ++_number : 0);
        var (theirs, number) = _last.GetValueOrDefault(head.Cpu);
        if (theirs != head.Number)
            number = ++_number; // how it came in found no room in the ring
        if (number == 0)
        {
            _skipped += isOut ? 0 : 1;
            return null;
        }
        var server = head.Server != 0 ? Labels.ServerOf(_maps.ServerLabels[(int)head.Server]) : null;
        return new CapturedFrame
        {
            Number = number,
            Time = (long)head.Time + _clockOffset,
            IsOut = isOut,
            Interface = InterfaceOf(head.Ifindex),
            Decision = head.Verdict > Constants.DropCounterBase ? Decision.Drop : (Decision)head.Verdict,
            Reason = head.Verdict > Constants.DropCounterBase ? (DropReason)(head.Verdict - Constants.DropCounterBase) : null,
            Action = (XdpAction)head.Action,
            Service = head.Service < Constants.ServiceCapacity ? Name(_maps.ServiceLabels[(int)head.Service].Name) : null,
            Server = server?.Name,
            ServerAddress = server?.Address,
            Length = (int)head.Length,
            Bytes = record.Slice(HeaderBytes, (int)head.Recorded).ToArray(),
        };
    }

    private static string? Name(LabelText label) => Labels.Read(label) is { Length: > 0 } name ? name : null;

    /// <summary>By the director's links, which are in its network namespace; this process need not be. A frame of a bond comes
    /// in by one of its parts, which has no link: where there is one link, it is that one's.</summary>
    private string InterfaceOf(uint index)
    {
        if (_interfaces.TryGetValue(index, out var known))
            return known;
        var links = _pins.Links();
        foreach (var (name, mode) in links)
        {
            using var link = XdpLink.OpenPinned(_pins.LinkPath(name, mode));
            if (link is not null)
                _interfaces[(uint)link.InterfaceIndex] = name;
        }
        return _interfaces.TryGetValue(index, out var found) ? found
            : _interfaces[index] = links.Count == 1 ? links[0].Interface : string.Create(CultureInfo.InvariantCulture, $"if{index}");
    }

    private CaptureCounts ReadCounts()
    {
        var (missed, lost) = (0L, 0L);
        for (var cpu = 0; cpu < _maps.Cpus; cpu++)
        {
            missed += (long)_maps.Counters(cpu).CaptureMissed;
            lost += (long)_maps.Counters(cpu).CaptureLost;
        }
        return new CaptureCounts(missed, lost);
    }
}
