using Sidestep.Lab.Traffic;

namespace Sidestep.Lab.Scenarios;

/// <summary>
/// The server of each client, for every set of servers of the run. The lab learns it before the traffic.
///
/// The same servers and the same hash key give the same table, independent of history, so a restarted or a second
/// director chooses the same servers. Hence the assignments must be the same under traffic, and the lab knows
/// beforehand which clients a change affects: those whose servers before and after it differ.
/// </summary>
internal sealed class ServerAssignments(LabRun run, DirectorFile file)
{
    private static readonly TimeSpan ChangeTimeout = ScaledTimeout.Seconds(30);

    private readonly Dictionary<string, IReadOnlyDictionary<string, string>> _known = [];

    public IReadOnlyDictionary<string, string> Of(IEnumerable<string> members) => _known[Key(members)];

    public IReadOnlyList<string> AffectedBy(IEnumerable<string> before, IEnumerable<string> after)
    {
        var (old, changed) = (Of(before), Of(after));
        return [.. old.Keys.Where(source => old[source] != changed.GetValueOrDefault(source))];
    }

    /// <summary>Makes these servers the members of the pool, waits until that is in force, and learns the server of
    /// each client.</summary>
    public async Task LearnAsync(IReadOnlyCollection<string> members, CancellationToken cancel)
    {
        file.SetServers(members);
        file.Save();
        IReadOnlyDictionary<string, string> seen = new Dictionary<string, string>();
        var applied = await Wait.TryUntilAsync(
            async () =>
            {
                seen = await AssignmentProbe.ProbeAllAsync(run, cancel);
                return seen.Values.ToHashSet().SetEquals(members);
            },
            ChangeTimeout,
            cancel);
        if (!applied)
            throw new LabException(Explain(members, seen));
        // The first sweep that shows these servers may have started before the change. Only the next one is consistent.
        _known[Key(members)] = await AssignmentProbe.ProbeAllAsync(run, cancel);
    }

    /// <summary>Waits until the clients that a change affects have the server that the lab learnt.</summary>
    /// <returns>A description of the problem, or null.</returns>
    public async Task<string?> WaitUntilAppliedAsync(IReadOnlyCollection<string> members,
        IReadOnlyList<string> affected, CancellationToken cancel)
    {
        var expected = Of(members);
        var applied = await Wait.TryUntilAsync(
            async () =>
            {
                var seen = await AssignmentProbe.ProbeAsync(run, affected, cancel);
                return affected.All(source => seen.GetValueOrDefault(source) == expected[source]);
            },
            ChangeTimeout,
            cancel);
        return applied
            ? null : $"{ChangeTimeout.TotalSeconds:0} s after the file was edited not all affected clients have the "
                + $"expected server; {LogHint()}";
    }

    private string Explain(IReadOnlyCollection<string> members, IReadOnlyDictionary<string, string> seen)
    {
        var observed = seen.Count == 0
            ? "no UDP echo request to the VIP is answered"
            : $"clients are answered by {string.Join(", ", seen.Values.Distinct().Order())}";
        return $"The director does not forward to {string.Join(", ", members)} within {ChangeTimeout.TotalSeconds:0} "
            + $"s: {observed}; {LogHint()}";
    }

    private string LogHint() =>
        $"look at the daemon's log, {run.Daemon.Log}, which ends "
            + $"with:\n{Processes.NamespaceProcess.Tail(run.Daemon.Log)}";

    private static string Key(IEnumerable<string> members) => string.Join(',', members.Order(StringComparer.Ordinal));
}
