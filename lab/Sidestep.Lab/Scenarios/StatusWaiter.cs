using Sidestep.Lab.Topologies;

namespace Sidestep.Lab.Scenarios;

/// <summary>Waits until a change is in force, as an operator sees it in `sidestep status`.</summary>
internal sealed class StatusWaiter(LabRun run)
{
    private static readonly TimeSpan Timeout = ScaledTimeout.Seconds(30);

    /// <summary>The status of a thousand services takes the director milliseconds.</summary>
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(100);

    // Revision of the last change that was in force.
    private long _revision;

    /// <summary>Waits for a new revision that shows the change.</summary>
    /// <returns>A description of the problem, or null.</returns>
    public Task<string?> WaitForChangeAsync(RunStep change, CancellationToken cancel) =>
        WaitAsync(s => IsVisible(s, change), _revision, cancel);

    /// <summary>Waits for a new revision that meets a condition.</summary>
    /// <returns>A description of the problem, or null.</returns>
    public Task<string?> WaitForChangeAsync(Func<SidestepStatus, bool> condition, CancellationToken cancel) =>
        WaitAsync(condition, _revision, cancel);

    /// <summary>Waits until a daemon that has just started has applied the changes of the time without it.</summary>
    /// <returns>A description of the problem, or null.</returns>
    public Task<string?> WaitForStartAsync(IReadOnlyCollection<RunStep> changes, CancellationToken cancel)
        => WaitForStartAsync(s => changes.All(c => IsVisible(s, c)), cancel);

    /// <summary>Waits until the status of a daemon that has just started meets a condition.</summary>
    /// <returns>A description of the problem, or null.</returns>
    public Task<string?> WaitForStartAsync(Func<SidestepStatus, bool> condition, CancellationToken cancel)
        => WaitAsync(s => s.DaemonProcessId == run.Daemon.Identity.Id && condition(s), 0, cancel);

    private async Task<string?> WaitAsync(Func<SidestepStatus, bool> condition, long after, CancellationToken cancel)
    {
        SidestepStatus? last = null;
        var done = await Wait.TryUntilAsync(
            async () =>
            {
                last = await SidestepStatus.TryQueryAsync(run, cancel);
                return last is not null && last.Revision > after && condition(last);
            },
            Timeout,
            cancel,
            PollInterval);
        _revision = last?.Revision ?? 0;
        return done
            ? null : $"{Timeout.TotalSeconds:0} s after the file was edited `sidestep status` does not show it: "
                + $"{last?.ToString() ?? "no director"}; "
            + $"look at the daemon's log, {run.Daemon.Log}, which ends "
            + $"with:\n{Processes.NamespaceProcess.Tail(run.Daemon.Log)}";
    }

    private static bool IsVisible(SidestepStatus status, RunStep change)
    {
        var server = status.Servers.GetValueOrDefault(change.Server);
        return change.Do switch
        {
            "add-server" or "enable-server" => server is { Slots: > 0 },
            "drain-server" or "disable-server" => server is { Slots: 0 },
            "weigh-server" => server is not null && server.Weight == change.Weight,
            "remove-server" => server is null,
            // Each server gets its traffic once it was up there.
            "add-service" => status.Services.Contains(change.Service)
                && !status.ServicesWithoutServer.Contains(change.Service),
            "remove-service" => !status.Services.Contains(change.Service),
            _ => throw new LabException($"'{change.Do}' does not change the configuration."),
        };
    }
}
