namespace Sidestep.Agent.Running;

/// <summary>Tells a fight with another manager from an accident: what is repaired again and again is left alone for a while, and
/// told.</summary>
internal sealed class RepairBackoff(TimeProvider time)
{
    /// <summary>So many repairs of one thing within <see cref="RepairWindow"/> are a fight.</summary>
    public const int MaxRepairs = 10;

    public static readonly TimeSpan RepairWindow = TimeSpan.FromMinutes(1), BackoffTime = TimeSpan.FromMinutes(5);

    private readonly Dictionary<(string Name, string Subject), BackoffEntry> _entries = [];

    /// <summary>True when it may be repaired now; it is counted as repaired then.</summary>
    /// <param name="name">The condition.</param>
    /// <param name="subject">Of which.</param>
    /// <param name="backoffStarted">True once, when it has become a fight.</param>
    public bool MayRepair(string name, string subject, out bool backoffStarted)
    {
        backoffStarted = false;
        var now = time.GetUtcNow();
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

    /// <summary>What is left alone at the moment.</summary>
    public IReadOnlyList<(string Name, string Subject, DateTimeOffset Until)> Active =>
        [.. _entries.Where(Active => Active.Value.BackoffUntil > time.GetUtcNow()).Select(static Active => (Active.Key.Name, Active.Key.Subject, Active.Value.BackoffUntil))];

    private sealed class BackoffEntry
    {
        public Queue<DateTimeOffset> Repairs { get; } = new();

        public DateTimeOffset BackoffUntil { get; set; }
    }
}
