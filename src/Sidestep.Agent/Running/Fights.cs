namespace Sidestep.Agent.Running;

/// <summary>Tells a fight with another manager from an accident: what is repaired again and again is left alone for a while, and
/// told.</summary>
internal sealed class Fights(TimeProvider time)
{
    /// <summary>So many repairs of one thing within <see cref="Window"/> are a fight.</summary>
    public const int MostRepairs = 10;

    public static readonly TimeSpan Window = TimeSpan.FromMinutes(1), Truce = TimeSpan.FromMinutes(5);

    private readonly Dictionary<(string Name, string Subject), Fight> _fights = [];

    /// <summary>True when it may be repaired now; it is counted as repaired then.</summary>
    /// <param name="name">The condition.</param>
    /// <param name="subject">Of which.</param>
    /// <param name="begins">True once, when it has become a fight.</param>
    public bool MayRepair(string name, string subject, out bool begins)
    {
        begins = false;
        var now = time.GetUtcNow();
        if (!_fights.TryGetValue((name, subject), out var fight))
            _fights[(name, subject)] = fight = new Fight();
        if (fight.TruceUntil > now)
            return false;
        while (fight.Repairs.TryPeek(out var oldest) && now - oldest > Window)
            fight.Repairs.Dequeue();
        if (fight.Repairs.Count >= MostRepairs)
        {
            fight.Repairs.Clear();
            fight.TruceUntil = now + Truce;
            begins = true;
            return false;
        }
        fight.Repairs.Enqueue(now);
        return true;
    }

    /// <summary>What is left alone at the moment.</summary>
    public IReadOnlyList<(string Name, string Subject, DateTimeOffset Until)> Truces =>
        [.. _fights.Where(f => f.Value.TruceUntil > time.GetUtcNow()).Select(static f => (f.Key.Name, f.Key.Subject, f.Value.TruceUntil))];

    private sealed class Fight
    {
        public Queue<DateTimeOffset> Repairs { get; } = new();

        public DateTimeOffset TruceUntil { get; set; }
    }
}
