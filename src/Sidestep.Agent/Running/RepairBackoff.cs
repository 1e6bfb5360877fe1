namespace Sidestep.Agent.Running;

/// <summary>Stops repairing a deviation for a while when another program reverts every repair.</summary>
internal sealed class RepairBackoff(TimeProvider time)
{
    /// <summary>Repairs of one deviation within <see cref="RepairWindow"/> after which the agent backs off.</summary>
    public const int MaxRepairs = 10;

    public static readonly TimeSpan RepairWindow = TimeSpan.FromMinutes(1), BackoffTime = TimeSpan.FromMinutes(5);

    private readonly Dictionary<(string Name, string Subject), BackoffEntry> _entries = [];

    /// <summary>The deviations that are not repaired at present, and until when (wall clock, for the report).</summary>
    public IReadOnlyList<(string Name, string Subject, DateTimeOffset Until)> Active
    {
        get
        {
            var now = time.Monotonic();
            var wallClock = time.GetUtcNow();
            return [.. _entries.Where(e => e.Value.BackoffUntil > now)
                .Select(e => (e.Key.Name, e.Key.Subject, wallClock + (e.Value.BackoffUntil - now)))];
        }
    }

    /// <summary>True if the deviation may be repaired now; the call then counts as a repair.</summary>
    /// <param name="name">The condition.</param>
    /// <param name="subject">The VIP or interface.</param>
    /// <param name="backoffStarted">True for the one call that starts the back-off.</param>
    public bool MayRepair(string name, string subject, out bool backoffStarted)
    {
        backoffStarted = false;
        var now = time.Monotonic();
        if (!_entries.TryGetValue((name, subject), out var entry))
            _entries[(name, subject)] = entry = new BackoffEntry();
        if (entry.BackoffUntil > now)
            return false;
        while (entry.Repairs.TryPeek(out var oldest) && now - oldest > RepairWindow)
            entry.Repairs.Dequeue();
        if (entry.Repairs.Count >= MaxRepairs)
        {
            entry.Repairs.Clear();
            entry.BackoffUntil = now + BackoffTime;
            backoffStarted = true;
            return false;
        }
        entry.Repairs.Enqueue(now);
        return true;
    }

    private sealed class BackoffEntry
    {
        /// <summary>Monotonic times of the repairs within the window, oldest first.</summary>
        public Queue<TimeSpan> Repairs { get; } = new();

        public TimeSpan BackoffUntil { get; set; }
    }
}
