namespace Sidestep.Control.Health;

/// <summary>When each check is due. The pauses are jittered, so that probes of one interval do not come in step. Not safe for
/// threads, and without a clock of its own.</summary>
/// <param name="random">Where jitter comes from.</param>
internal sealed class ProbeSchedule(Random random)
{
    private readonly PriorityQueue<Entry, TimeSpan> _queue = new();
    private readonly Dictionary<CheckKey, Entry> _entries = [];

    private int _checkCount;

    /// <summary>How many checks there are.</summary>
    internal int Count => _entries.Count;

    /// <summary>When the next is due; null when there is none.</summary>
    internal TimeSpan? NextDue
    {
        get
        {
            DropRemoved();
            return _queue.TryPeek(out _, out var due) ? due : null;
        }
    }

    /// <summary>Makes these the checks. Those that go on keep their turn; new ones come at any moment of their first interval.</summary>
    /// <param name="checks">All.</param>
    /// <param name="now">The time, since any beginning.</param>
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

    /// <summary>Takes the check that is due, if one is.</summary>
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

    /// <summary>Gives a check its next turn. Turns are counted from when it was due, not from when it came, so that being late does
    /// not make probes fewer; what lies in the past is left out.</summary>
    /// <returns>How many turns were left out.</returns>
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

    /// <summary>A check that has never been judged comes more often, so that a server is admitted soon; with many, no more often
    /// than that all of them together come a thousand times a second.</summary>
    private TimeSpan InitialInterval(Check check)
    {
        var quick = TimeSpan.FromMilliseconds(Math.Max(100, _checkCount));
        return quick < check.Monitor.Interval ? quick : check.Monitor.Interval;
    }

    private void DropRemoved()
    {
        while (_queue.TryPeek(out var entry, out _) && entry.IsRemoved)
            _queue.Dequeue();
    }

    /// <summary>A check and its turn.</summary>
    internal sealed class Entry(Check check, TimeSpan due)
    {
        /// <summary>What is asked.</summary>
        internal Check Check { get; set; } = check;

        /// <summary>When it was last due.</summary>
        internal TimeSpan Due { get; set; } = due;

        /// <summary>It has a verdict.</summary>
        internal bool IsStatusKnown { get; set; }

        /// <summary>Nobody wants it any more.</summary>
        internal bool IsRemoved { get; set; }
    }
}
