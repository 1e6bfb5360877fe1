using System.Collections.Immutable;
using System.Globalization;

namespace Sidestep.Hosting.Supervision;

/// <summary>Counts the unexpected exceptions of the loops of a service, and names the loops that fail again and again.
/// Safe for threads.</summary>
/// <param name="time">The clock.</param>
public sealed class LoopFailures(TimeProvider time)
{
    /// <summary>A loop that has not failed for this long works again. Longer than the longest pause before a
    /// restart.</summary>
    public static readonly TimeSpan RecoveryTime = TimeSpan.FromSeconds(30);

    private readonly Lock _gate = new();
    private readonly SortedDictionary<string, Entry> _entries = new(StringComparer.Ordinal);

    /// <summary>All that ever failed, by name.</summary>
    public ImmutableArray<LoopFailure> All
    {
        get
        {
            lock (_gate)
                return [.. _entries.Select(static e =>
                    new LoopFailure(e.Key, e.Value.Times, e.Value.LastAt, e.Value.LastError))];
        }
    }

    /// <summary>What fails again and again at present, or failed last and is not tried again by itself; as
    /// sentences.</summary>
    public ImmutableArray<string> Problems
    {
        get
        {
            lock (_gate)
                return [.. _entries.Where(e => IsProblem(e.Value)).Select(static e => string.Create(
                    CultureInfo.InvariantCulture,
                    $"{e.Key} failed {e.Value.Times} times, last with {e.Value.LastError}"))];
        }
    }

    /// <summary>Counts a failure.</summary>
    /// <param name="name">What failed; one of a few, because each is counted for as long as the service runs.</param>
    /// <param name="fault">The exception.</param>
    /// <param name="lasts">True: it is a problem until <see cref="End"/>. False: it is one while it happens again and
    /// again.</param>
    /// <returns>How many failures in a row this was, and whether it is the first of its kind in this row: of its type,
    /// thrown at its place. The message may name one of thousands of servers.</returns>
    public (int InARow, bool IsNew) Add(string name, Exception fault, bool lasts = false)
    {
        ArgumentNullException.ThrowIfNull(fault);
        var error = $"{fault.GetType().Name}: {fault.Message}".ReplaceLineEndings(" ");
        lock (_gate)
        {
            if (!_entries.TryGetValue(name, out var entry))
                _entries[name] = entry = new Entry();
            if (!IsRecent(entry))
                entry.Restart();
            var isNew = entry.Kinds.Add(KindOf(fault));
            entry.InARow++;
            entry.Times++;
            (entry.LastAt, entry.Timestamp, entry.LastError) = (time.GetUtcNow(), time.GetTimestamp(), error);
            entry.Lasts = lasts;
            return (entry.InARow, isNew);
        }
    }

    /// <summary>Notes that something has succeeded.</summary>
    public void End(string name)
    {
        lock (_gate)
        {
            if (_entries.TryGetValue(name, out var entry))
                entry.Restart();
        }
    }

    private static string KindOf(Exception fault) =>
        $"{fault.GetType()} {fault.StackTrace?.Split('\n')[0]}";

    private bool IsRecent(Entry entry) => entry.Lasts || time.GetElapsedTime(entry.Timestamp) < RecoveryTime;

    private bool IsProblem(Entry entry) => entry.Lasts || (entry.InARow > 1 && IsRecent(entry));

    private sealed class Entry
    {
        public long Times { get; set; }

        public int InARow { get; set; }

        public bool Lasts { get; set; }

        public DateTimeOffset LastAt { get; set; }

        public long Timestamp { get; set; }

        /// <summary>The kinds of failures in the present row.</summary>
        public HashSet<string> Kinds { get; } = [];

        public string LastError { get; set; } = "";

        /// <summary>Ends the row of failures.</summary>
        public void Restart()
        {
            (InARow, Lasts) = (0, false);
            Kinds.Clear();
        }
    }
}
