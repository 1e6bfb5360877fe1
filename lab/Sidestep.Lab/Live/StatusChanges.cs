using Sidestep.Lab.Scenarios;

namespace Sidestep.Lab.Live;

/// <summary>The changes between two answers of `sidestep status`, for a reader.</summary>
internal static class StatusChanges
{
    /// <summary>All services have a server, and a daemon with this configuration runs: requests will be
    /// answered.</summary>
    public static bool Forwards(SidestepStatus? status)
        => status is { DaemonProcessId: not null } && status.Services.Count > 0
            && status.ServicesWithoutServer.Count == 0;

    /// <param name="before">Null: there was no director.</param>
    /// <param name="after">Null: there is no director.</param>
    public static IEnumerable<string> Between(SidestepStatus? before, SidestepStatus? after)
    {
        if (before is not null && after is null)
            yield return "director: gone, nothing forwards";
        if (after is null)
            yield break;
        if (before?.DaemonProcessId is null && after.DaemonProcessId is { } id)
            yield return $"director: daemon running, process {id}";
        if (before?.DaemonProcessId is not null && after.DaemonProcessId is null)
            yield return "director: daemon not running";
        foreach (var (name, server) in after.Servers.OrderBy(s => s.Key, StringComparer.Ordinal))
        {
            var state = LiveState.Of(server.State);
            if (before?.Servers.GetValueOrDefault(name) is { } old && LiveState.Of(old.State) == state)
                continue;
            yield return $"{name}: {state}{(state == LiveState.Down && server.Error is { } error ? $": {error}" : "")}";
        }
        foreach (var name in (before?.Servers.Keys ?? []).Except(after.Servers.Keys).Order(StringComparer.Ordinal))
            yield return $"{name}: not in the configuration";
    }
}
