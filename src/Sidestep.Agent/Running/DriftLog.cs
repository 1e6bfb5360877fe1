using Sidestep.Api;

namespace Sidestep.Agent.Running;

/// <summary>The changes by other programs that the agent noticed, oldest first. The same change is one entry with a
/// count.</summary>
internal sealed class DriftLog
{
    /// <summary>When there are more, the oldest is dropped.</summary>
    public const int MaxEntries = 64;

    private readonly List<Drift> _drifts = [];

    public IReadOnlyList<Drift> All => _drifts;

    /// <param name="name">The condition.</param>
    /// <param name="subject">The VIP or interface.</param>
    /// <param name="found">The value that the other program set.</param>
    /// <param name="noticed">When the agent noticed.</param>
    /// <param name="repaired">When it was repaired; null: it was not.</param>
    public void Add(string name, string subject, string found, DateTimeOffset noticed, DateTimeOffset? repaired)
    {
        var at = _drifts.FindIndex(d => d.Name == name && d.Subject == subject && d.Found == found);
        var times = 1;
        if (at >= 0)
        {
            times += _drifts[at].Times;
            _drifts.RemoveAt(at);
        }
        _drifts.Add(new Drift(name, subject, found, noticed, repaired, times));
        if (_drifts.Count > MaxEntries)
            _drifts.RemoveAt(0);
    }
}
