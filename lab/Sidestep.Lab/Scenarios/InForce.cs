using Sidestep.Lab.Topologies;

namespace Sidestep.Lab.Scenarios;

/// <summary>Whether a change is in force, as an operator sees it in `sidestep status`. What it does to traffic, traffic says.</summary>
internal sealed class InForce(LabRun run)
{
    private static readonly TimeSpan Limit = Patience.Seconds(30);

    // Of the last change that was seen in force.
    private long _revision;

    /// <summary>Waits for another revision, one that shows the change.</summary>
    /// <returns>What is wrong, or null.</returns>
    public Task<string?> ChangedAsync(RunStep change, CancellationToken cancel) => WaitAsync(s => Shows(s, change), _revision, cancel);

    /// <summary>Waits for another revision, one that shows what is asked for.</summary>
    /// <returns>What is wrong, or null.</returns>
    public Task<string?> ChangedAsync(Func<SidestepStatus, bool> shows, CancellationToken cancel) => WaitAsync(shows, _revision, cancel);

    /// <summary>Waits until a daemon that has just been started has made whatever was changed without it.</summary>
    /// <returns>What is wrong, or null.</returns>
    public Task<string?> StartedAsync(IReadOnlyCollection<RunStep> changes, CancellationToken cancel)
        => StartedAsync(s => changes.All(c => Shows(s, c)), cancel);

    /// <summary>Waits until a daemon that has just been started says of itself what is asked for.</summary>
    /// <returns>What is wrong, or null.</returns>
    public Task<string?> StartedAsync(Func<SidestepStatus, bool> says, CancellationToken cancel)
        => WaitAsync(s => s.UpDaemon == run.Daemon.Identity.Id && says(s), 0, cancel);

    private async Task<string?> WaitAsync(Func<SidestepStatus, bool> shows, long after, CancellationToken cancel)
    {
        SidestepStatus? last = null;
        var done = await Wait.TryUntilAsync(
            async () =>
            {
                last = await SidestepStatus.TryAskAsync(run, cancel);
                return last is not null && last.Revision > after && shows(last);
            },
            Limit,
            cancel);
        _revision = last?.Revision ?? 0;
        return done ? null : $"{Limit.TotalSeconds:0} s after the file was edited `sidestep status` does not show it: {last?.ToString() ?? "no director"}; "
            + $"look at the daemon's log, {run.Daemon.Log}, which ends with:\n{Processes.NamespaceProcess.Tail(run.Daemon.Log)}";
    }

    private static bool Shows(SidestepStatus status, RunStep change)
    {
        var server = status.Servers.GetValueOrDefault(change.Server);
        return change.Do switch
        {
            "add-server" or "enable-server" => server is { Slots: > 0 },
            "drain-server" or "disable-server" => server is { Slots: 0 },
            "weigh-server" => server is not null && server.Weight == change.Weight,
            "remove-server" => server is null,
            "add-service" => status.Services.Contains(change.Service),
            "remove-service" => !status.Services.Contains(change.Service),
            _ => throw new LabException($"'{change.Do}' is no change of the configuration."),
        };
    }
}
