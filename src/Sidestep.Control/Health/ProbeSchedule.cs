namespace Sidestep.Control.Health;

/// <summary>When each check is due. Intervals are jittered, so that probes with the same interval do not synchronise.
/// Not safe for threads; without a clock of its own.</summary>
/// <param name="random">The source of the jitter.</param>
internal sealed class ProbeSchedule(Random random)
{
    private readonly PriorityQueue<Entry, TimeSpan> _queue = new();
    private readonly Dictionary<CheckKey, Entry> _entries = [];

    private int _checkCount;

    /// <summary>The number of checks, those that are being probed included.</summary>
    internal int Count => _entries.Count;

    /// <summary>When the next check is due; null when none is queued.</summary>
    internal TimeSpan? NextDue
    {
        get
        {
            DropRemoved();
            return _queue.TryPeek(out _, out var due) ? due : null;
        }
    }

    /// <summary>Replaces the checks. A check that continues keeps its due time. A new check becomes due at a random
    /// moment of its first interval.</summary>
    /// <param name="checks">All checks.</param>
    /// <param name="now">The time since a fixed moment, which is the same for all calls.</param>
    internal void Set(IReadOnlyCollection<Check> checks, TimeSpan now)
    {
        var desired = checks.ToDictionary(static c => c.Key);
        _checkCount = desired.Count;
        foreach (var (key, entry) in _entries)
        {
            if (!desired.ContainsKey(key))
            {
                entry.IsRemoved = true;
                _entries.Remove(key);
            }
        }
        foreach (var (key, check) in desired)
        {
            if (_entries.TryGetValue(key, out var entry))
            {
                entry.Check = check;
                continue;
            }
            entry = new Entry(check, now);
            _entries.Add(key, entry);
            _queue.Enqueue(entry, now + InitialInterval(check) * random.NextDouble());
        }
    }

    /// <summary>Dequeues the check that is due first.</summary>
    /// <returns>False: none is due.</returns>
    internal bool TryDequeue(TimeSpan now, out Entry entry)
    {
        DropRemoved();
        entry = null!;
        if (!_queue.TryPeek(out var next, out var due) || due > now)
            return false;
        _queue.Dequeue();
        next.Due = due;
        entry = next;
        return true;
    }

    /// <summary>Queues a check again. The interval starts when the check was due, not when it ran, so that delays do
    /// not reduce the number of probes. Times in the past are skipped.</summary>
    /// <returns>The number of skipped probes.</returns>
    internal int Reschedule(Entry entry, TimeSpan now)
    {
        if (entry.IsRemoved)
            return 0;
        var pause = entry.IsStatusKnown ? entry.Check.Monitor.Interval : InitialInterval(entry.Check);
        var jitter = entry.Check.Monitor.JitterPercent / 100d;
        var due = entry.Due + pause * (1 + jitter * (2 * random.NextDouble() - 1));
        var skipped = 0;
        if (due < now)
        {
            skipped = (int)Math.Min((now - due) / pause, int.MaxValue - 1d);
            due = now;
        }
        _queue.Enqueue(entry, due);
        return skipped;
    }

    /// <summary>The interval of a check without a status. It is short, so that a server is admitted soon, but with many
    /// checks no shorter than that all together are due a thousand times a second. A server that has traffic is judged
    /// as slowly as ever: a moment's fault must not take it out.</summary>
    private TimeSpan InitialInterval(Check check)
    {
        if (!check.IsForAdmission)
            return check.Monitor.Interval;
        var quick = TimeSpan.FromMilliseconds(Math.Max(100, _checkCount));
        return quick < check.Monitor.Interval ? quick : check.Monitor.Interval;
    }

    private void DropRemoved()
    {
        while (_queue.TryPeek(out var entry, out _) && entry.IsRemoved)
            _queue.Dequeue();
    }

    /// <summary>A check with the time at which it was due.</summary>
    internal sealed class Entry(Check check, TimeSpan due)
    {
        /// <summary>The check; the settings of its monitor may change.</summary>
        internal Check Check { get; set; } = check;

        /// <summary>Time at which it was last due, since the fixed moment of <see cref="Set"/>.</summary>
        internal TimeSpan Due { get; set; } = due;

        /// <summary>True if the check is up or down; false while its status is unknown.</summary>
        internal bool IsStatusKnown { get; set; }

        /// <summary>True if the configuration no longer has the check. The queue drops the entry later.</summary>
        internal bool IsRemoved { get; set; }
    }
}
