using Sidestep.Api;

namespace Sidestep.Agent.Running;

/// <summary>What somebody else changed, the newest last; the same again and again is told as one.</summary>
internal sealed class DriftLog
{
    public const int MaxEntries = 64;
    private readonly List<Drift> _drifts = [];

    public IReadOnlyList<Drift> All => _drifts;

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
