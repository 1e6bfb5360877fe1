using System.Diagnostics.CodeAnalysis;
using System.Threading.Channels;
using Sidestep.Api.Status;

namespace Sidestep.Control.Health;

/// <summary>Runs checks when they are due, a bounded number at once, and records their results.</summary>
[SuppressMessage("Design", "CA1031:Do not catch general exception types",
    Justification = "An unexpected exception stops one probe alone.")]
public sealed class ProbeScheduler : IDisposable
{
    /// <summary>Most probes in flight at once. Checks that are due beyond that run late, and are counted as
    /// late.</summary>
    public const int MaxInFlight = 4096;

    private static readonly TimeSpan LatenessPeriod = TimeSpan.FromSeconds(30);
    private readonly Lock _gate = new();
    private readonly HealthTracker _tracker;
    private readonly IProbePath _path;
    private readonly TimeProvider _time;
    private readonly long _start;
    private readonly Action<Exception> _onFault;
    private readonly ProbeSchedule _schedule;
    private readonly SemaphoreSlim _capacity = new(MaxInFlight);
    private readonly Channel<bool> _signal =
        Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private DurationHistogram _lateness = new();
    private DurationHistogram? _previousLateness;
    private TimeSpan _latenessSince;
    private TimeSpan _waitsUntil = TimeSpan.MaxValue;
    private long _started;
    private long _skipped;

    /// <summary>Creates a scheduler that runs the checks of a tracker.</summary>
    /// <param name="tracker">Has the checks and receives their results.</param>
    /// <param name="path">Sends the probes.</param>
    /// <param name="time">The clock.</param>
    /// <param name="random">The source of the jitter.</param>
    /// <param name="onFault">Receives exceptions that nothing expects: each ends one probe. Any thread.</param>
    public ProbeScheduler(HealthTracker tracker, IProbePath path, TimeProvider time, Random random,
        Action<Exception> onFault)
    {
        _onFault = onFault;
        _tracker = tracker;
        _path = path;
        _time = time;
        _start = time.GetTimestamp();
        _schedule = new ProbeSchedule(random);
        tracker.ChecksChanged += checks =>
        {
            lock (_gate)
                _schedule.Set(checks, Now);
            _signal.Writer.TryWrite(true);
        };
    }

    /// <summary>Numbers of probes, and how late they were.</summary>
    public ProbeStats Figures()
    {
        lock (_gate)
            return new ProbeStats
            {
                Checks = _schedule.Count,
                Started = Volatile.Read(ref _started),
                InFlight = MaxInFlight - _capacity.CurrentCount,
                Skipped = _skipped,
                Late = FiguresOf(_previousLateness ?? _lateness),
                Removal = FiguresOf(_tracker.Removal),
                Admission = FiguresOf(_tracker.Admission),
            };
    }

    /// <summary>Starts probes when they are due, until cancelled; returns when the last of them has ended.</summary>
    public async Task RunAsync(CancellationToken cancellation)
    {
        try
        {
            var signalled = _signal.Reader.WaitToReadAsync(cancellation).AsTask();
            while (true)
            {
                await StartDueAsync(cancellation).ConfigureAwait(false);
                // When the signal ends the wait, the rest of the delay runs out by itself.
                await Task.WhenAny(signalled, Task.Delay(Pause(), _time, cancellation)).ConfigureAwait(false);
                cancellation.ThrowIfCancellationRequested();
                if (signalled.IsCompleted)
                {
                    _signal.Reader.TryRead(out _);
                    signalled = _signal.Reader.WaitToReadAsync(cancellation).AsTask();
                }
            }
        }
        catch (OperationCanceledException)
        {
            // the normal end, once the probes in flight have ended
            for (var i = 0; i < MaxInFlight; i++)
                await _capacity.WaitAsync(CancellationToken.None).ConfigureAwait(false);
            _capacity.Release(MaxInFlight);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _capacity.Dispose();

    private TimeSpan Now => _time.GetElapsedTime(_start);

    private TimeSpan Pause()
    {
        lock (_gate)
        {
            if (_schedule.NextDue is not { } due)
            {
                _waitsUntil = TimeSpan.MaxValue;
                return Timeout.InfiniteTimeSpan;
            }
            _waitsUntil = due;
            var rest = due - Now;
            return rest > TimeSpan.Zero ? rest : TimeSpan.Zero;
        }
    }

    private async Task StartDueAsync(CancellationToken cancellation)
    {
        while (true)
        {
            await _capacity.WaitAsync(cancellation).ConfigureAwait(false);
            ProbeSchedule.Entry entry;
            lock (_gate)
            {
                if (!_schedule.TryDequeue(Now, out entry))
                {
                    _capacity.Release();
                    return;
                }
            }
            _ = Task.Run(() => ProbeAsync(entry, cancellation), CancellationToken.None);
        }
    }

    private async Task ProbeAsync(ProbeSchedule.Entry entry, CancellationToken cancellation)
    {
        var isStatusKnown = entry.IsStatusKnown;
        try
        {
            RecordStart(Now - entry.Due);
            var result = await ResultAsync(entry.Check, cancellation).ConfigureAwait(false);
            isStatusKnown = _tracker.Record(entry.Check.Key, result);
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            // the scheduler ends
        }
        catch (Exception e)
        {
            _onFault(e);
        }
        finally
        {
            _capacity.Release();
            var isEarlier = false;
            lock (_gate)
            {
                entry.IsStatusKnown = isStatusKnown;
                _skipped += _schedule.Reschedule(entry, Now);
                isEarlier = _schedule.NextDue < _waitsUntil;
            }
            if (isEarlier)
                _signal.Writer.TryWrite(true);
        }
    }

    /// <summary>The result of one probe. A fault of the director is no verdict about the server.</summary>
    private async Task<ProbeResult> ResultAsync(Check check, CancellationToken cancellation)
    {
        try
        {
            return await _path.ProbeAsync(check, cancellation).ConfigureAwait(false);
        }
        catch (Exception e) when (e is not OperationCanceledException || !cancellation.IsCancellationRequested)
        {
            _onFault(e);
            return ProbeResult.NotSent($"the director failed: {e.GetType().Name}: {e.Message}");
        }
    }

    private void RecordStart(TimeSpan late)
    {
        Interlocked.Increment(ref _started);
        lock (_gate)
        {
            if (Now - _latenessSince > LatenessPeriod)
            {
                (_previousLateness, _lateness) = (_lateness, new DurationHistogram());
                _latenessSince = Now;
            }
            _lateness.Add(late);
        }
    }

    private static DurationStats FiguresOf(DurationHistogram durations) =>
        new(durations.Count, durations.QuantileMilliseconds(0.5), durations.QuantileMilliseconds(0.99),
            durations.MaxMilliseconds);
}
