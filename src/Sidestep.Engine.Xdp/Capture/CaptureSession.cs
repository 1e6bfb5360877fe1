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

/// <summary>Captures frames of a director through its pinned maps; no daemon is needed. The session ends with
/// <see cref="Dispose"/>, or seconds after this process has died.</summary>
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

    /// <summary>By CPU: the number that the program gave to the last frame, and the number in this session; 0 when it
    /// was skipped.</summary>
    private readonly Dictionary<ushort, (ulong Theirs, long Ours)> _last = [];
    private long _number;
    private long _skipped;

    private CaptureSession(StateMaps maps, PinDirectory pins, CaptureFilter filter, CaptureLimits limits)
    {
        var written = FilterWriter.Of(filter, limits, RunningTables.Read(maps));
        _maps = maps;
        _pins = pins;
        _rate = new RateLimiter(limits.Rate);
        var sinceEpoch = DateTime.UtcNow - DateTime.UnixEpoch;
        _clockOffset = (sinceEpoch - Stopwatch.GetElapsedTime(0)).Ticks * TimeSpan.NanosecondsPerTick;
        _lease = new CaptureLease(maps);
        _lease.Take();
        try
        {
            // A capture that was killed may have left its filter, records, and frames that the program is still
            // examining.
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

    /// <summary>Starts to capture; null when nothing is pinned under that name.</summary>
    /// <param name="pinPath">Folder that contains the folders of all directors.</param>
    /// <param name="name">Name of the director.</param>
    /// <param name="filter">Which frames to capture.</param>
    /// <param name="limits">How many frames, and how many bytes of each.</param>
    /// <exception cref="EngineException">Privileges are missing, another version pinned the maps, another process
    /// captures, or the filter names a service or server that the director does not have.</exception>
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

    /// <summary>Numbers of frames that the capture could not record so far, by reason.</summary>
    public CaptureCounts Counts
    {
        get
        {
            var now = ReadCounts();
            return new CaptureCounts(now.Missed - _before.Missed + _skipped, now.Lost - _before.Lost);
        }
    }

    /// <summary>Waits for frames and passes them to the handler. Call it more often than once a second, because it
    /// renews the lease.</summary>
    /// <param name="timeout">Maximum wait.</param>
    /// <param name="handle">Called for each frame; its exceptions propagate to the caller.</param>
    /// <exception cref="EngineException">Another process took the lease while this one slept.</exception>
    public void Poll(TimeSpan timeout, Action<CapturedFrame> handle)
    {
        _lease.Renew();
        _ring.Poll(timeout, record =>
        {
            if (Read(record) is { } frame)
                handle(frame);
            // A handler that is slower than the frames arrive must not lose the lease meanwhile.
            _lease.Renew();
        });
    }

    /// <summary>Ends the capture: the program records no more frames, and another process may capture.</summary>
    public void Dispose()
    {
        _maps.Capturing.Verdicts = 0;
        _lease.Return();
        _ring.Dispose();
        _maps.Dispose();
    }

    /// <summary>Decodes a record; null for a frame beyond the rate limit.</summary>
    private CapturedFrame? Read(ReadOnlySpan<byte> record)
    {
        var head = default(Layout.CapturedFrame);
        record[..HeaderBytes].CopyTo(MemoryMarshal.AsBytes(new Span<Layout.CapturedFrame>(ref head)));
        var isOut = head.Direction == Constants.CaptureOut;
        if (!isOut)
            _last[head.Cpu] = (head.Number, _rate.Allows((long)head.Time) ? ++_number : 0);
        var (theirs, number) = _last.GetValueOrDefault(head.Cpu);
        if (theirs != head.Number)
            number = ++_number; // its record on ingress found no space in the ring
        if (number == 0)
        {
            _skipped += isOut ? 0 : 1;
            return null;
        }
        var server = head.Server == 0 ? null
            : Labels.ServerOf(_maps.ServerLabels[(int)head.Server], _maps.ServiceLabels);
        return new CapturedFrame
        {
            Number = number,
            Time = (long)head.Time + _clockOffset,
            IsOut = isOut,
            Interface = InterfaceOf(head.Ifindex),
            Decision = VerdictIndex.DecisionOf(head.Verdict),
            Reason = VerdictIndex.ReasonOf(head.Verdict),
            Action = (XdpAction)head.Action,
            Service = head.Service < Constants.ServiceCapacity
                ? Name(_maps.ServiceLabels[(int)head.Service].Name)
                : null,
            Server = server?.Name,
            ServerAddress = server?.Address.Address,
            Length = (int)head.Length,
            Bytes = record.Slice(HeaderBytes, (int)head.Recorded).ToArray(),
        };
    }

    private static string? Name(LabelText label) => Labels.Read(label) is { Length: > 0 } name ? name : null;

    /// <summary>Name of an interface, from the director's links. This process may be in another network namespace. A
    /// frame of a bond arrives at one of its ports, which has no link: if there is only one link, it is that
    /// one's.</summary>
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
            : _interfaces[index] = links.Count == 1
                ? links[0].Interface
                : string.Create(CultureInfo.InvariantCulture, $"if{index}");
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
