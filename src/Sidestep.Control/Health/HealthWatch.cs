using System.Threading.Channels;
using Sidestep.Model;

namespace Sidestep.Control.Health;

/// <summary>Probes when it is time to, so many at once and no more, and tells the book what came of it.</summary>
public sealed class HealthWatch : IDisposable
{
    /// <summary>Probes under way at once: what is due beyond that comes late, and is counted as such.</summary>
    public const int MostAtOnce = 4096;

    private static readonly TimeSpan LateWindow = TimeSpan.FromSeconds(30);
    private readonly Lock _gate = new();
    private readonly HealthBook _book;
    private readonly IProbePath _path;
    private readonly TimeProvider _time;
    private readonly long _start;
    private readonly ProbeSchedule _schedule;
    private readonly SemaphoreSlim _room = new(MostAtOnce);
    private readonly Channel<bool> _signal = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private Durations _late = new();
    private Durations? _lateBefore;
    private TimeSpan _lateSince;
    private TimeSpan _waitsUntil = TimeSpan.MaxValue;
    private long _begun;
    private long _leftOut;

    /// <summary>Watches what the book wants.</summary>
    /// <param name="book">Knows the checks, and hears what came of them.</param>
    /// <param name="path">Probes.</param>
    /// <param name="time">The clock.</param>
    /// <param name="random">Where jitter comes from.</param>
    public HealthWatch(HealthBook book, IProbePath path, TimeProvider time, Random random)
    {
        _book = book;
        _path = path;
        _time = time;
        _start = time.GetTimestamp();
        _schedule = new ProbeSchedule(random);
        book.ChecksChanged += checks =>
        {
            lock (_gate)
                _schedule.Set(checks, Now);
            _signal.Writer.TryWrite(true);
        };
    }

    /// <summary>How it does.</summary>
    public ProbeFigures Figures()
    {
        lock (_gate)
            return new ProbeFigures
            {
                Checks = _schedule.Count,
                Begun = Volatile.Read(ref _begun),
                UnderWay = MostAtOnce - _room.CurrentCount,
                LeftOut = _leftOut,
                Late = FiguresOf(_lateBefore ?? _late),
                Removal = FiguresOf(_book.Removal),
                Admission = FiguresOf(_book.Admission),
            };
    }

    /// <summary>Runs until cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellation)
    {
        try
        {
            var signalled = _signal.Reader.WaitToReadAsync(cancellation).AsTask();
            while (true)
            {
                await BeginDueAsync(cancellation).ConfigureAwait(false);
                // What is left of a delay that something else ended first runs out by itself.
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
            // the normal end, once what is under way has seen it too
            for (var i = 0; i < MostAtOnce; i++)
                await _room.WaitAsync(CancellationToken.None).ConfigureAwait(false);
            _room.Release(MostAtOnce);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _room.Dispose();

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

    private async Task BeginDueAsync(CancellationToken cancellation)
    {
        while (true)
        {
            await _room.WaitAsync(cancellation).ConfigureAwait(false);
            ProbeSchedule.Entry entry;
            lock (_gate)
            {
                if (!_schedule.TryTake(Now, out entry))
                {
                    _room.Release();
                    return;
                }
            }
            _ = Task.Run(() => ProbeAsync(entry, cancellation), CancellationToken.None);
        }
    }

    private async Task ProbeAsync(ProbeSchedule.Entry entry, CancellationToken cancellation)
    {
        var isJudged = entry.IsJudged;
        try
        {
            Begin(Now - entry.Due);
            var outcome = await _path.ProbeAsync(entry.Check, cancellation).ConfigureAwait(false);
            isJudged = _book.Take(entry.Check.Key, outcome);
        }
        catch (OperationCanceledException)
        {
            // the end of everything
        }
        finally
        {
            _room.Release();
            var isEarlier = false;
            lock (_gate)
            {
                entry.IsJudged = isJudged;
                _leftOut += _schedule.Return(entry, Now);
                isEarlier = _schedule.NextDue < _waitsUntil;
            }
            if (isEarlier)
                _signal.Writer.TryWrite(true);
        }
    }

    private void Begin(TimeSpan late)
    {
        Interlocked.Increment(ref _begun);
        lock (_gate)
        {
            if (Now - _lateSince > LateWindow)
            {
                (_lateBefore, _late) = (_late, new Durations());
                _lateSince = Now;
            }
            _late.Add(late);
        }
    }

    private static DurationFigures FiguresOf(Durations durations) =>
        new(durations.Count, durations.Milliseconds(0.5), durations.Milliseconds(0.99), durations.LongestMilliseconds);
}
