using Sidestep.Lab.Traffic;

namespace Sidestep.Lab.Scenarios;

/// <summary>
/// Who belongs to which server, for every set of servers that the run goes through; found out before the traffic.
///
/// The same servers and the same hash key give the same table, whatever was before (so a restarted or a second director
/// decides alike). Hence what is seen here must be seen again under traffic, and it is known beforehand which clients a
/// change concerns: those whose server before it and after it differ.
/// </summary>
internal sealed class Membership(LabRun run, DirectorFile file)
{
    private static readonly TimeSpan ChangeLimit = Patience.Seconds(30);

    private readonly Dictionary<string, IReadOnlyDictionary<string, string>> _known = [];

    public IReadOnlyDictionary<string, string> Of(IEnumerable<string> members) => _known[Key(members)];

    public IReadOnlyList<string> ConcernedBy(IEnumerable<string> before, IEnumerable<string> after)
    {
        var (old, changed) = (Of(before), Of(after));
        return [.. old.Keys.Where(source => old[source] != changed.GetValueOrDefault(source))];
    }

    /// <summary>Makes these the members of the pool, waits until it is so, and learns who belongs to whom.</summary>
    public async Task LearnAsync(IReadOnlyCollection<string> members, CancellationToken cancel)
    {
        file.Only(members);
        file.Save();
        IReadOnlyDictionary<string, string> seen = new Dictionary<string, string>();
        var applied = await Wait.TryUntilAsync(
            async () =>
            {
                seen = await ServerMap.AskAllAsync(run, cancel);
                return seen.Values.ToHashSet().SetEquals(members);
            },
            ChangeLimit,
            cancel);
        if (!applied)
            throw new LabException(Explain(members, seen));
        // The first sweep that shows these servers may have begun before the change: only the next is all of one kind.
        _known[Key(members)] = await ServerMap.AskAllAsync(run, cancel);
    }

    /// <summary>Waits until the clients that a change concerns are served as learnt.</summary>
    /// <returns>What is wrong, or null.</returns>
    public async Task<string?> AppliedAsync(IReadOnlyCollection<string> members, IReadOnlyList<string> concerned, CancellationToken cancel)
    {
        var expected = Of(members);
        var applied = await Wait.TryUntilAsync(
            async () =>
            {
                var seen = await ServerMap.AskAsync(run, concerned, cancel);
                return concerned.All(source => seen.GetValueOrDefault(source) == expected[source]);
            },
            ChangeLimit,
            cancel);
        return applied ? null : $"{ChangeLimit.TotalSeconds:0} s after the file was edited the clients concerned are not all served as expected; {LogHint()}";
    }

    private string Explain(IReadOnlyCollection<string> members, IReadOnlyDictionary<string, string> seen)
    {
        var answers = seen.Count == 0
            ? "no UDP echo request to the VIP is answered"
            : $"clients are answered by {string.Join(", ", seen.Values.Distinct().Order())}";
        return $"The director does not forward to {string.Join(", ", members)} within {ChangeLimit.TotalSeconds:0} s: {answers}; {LogHint()}";
    }

    private string LogHint() => $"look at the daemon's log, {run.Daemon.Log}, which ends with:\n{Processes.NamespaceProcess.Tail(run.Daemon.Log)}";

    private static string Key(IEnumerable<string> members) => string.Join(',', members.Order(StringComparer.Ordinal));
}
