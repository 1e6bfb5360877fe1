using System.Globalization;

namespace Sidestep.Lab.Processes;

/// <summary>Ends processes: by SIGTERM, and by SIGKILL if that does not suffice.</summary>
internal static class ProcessSignals
{
    private static readonly TimeSpan Timeout = ScaledTimeout.Seconds(5);

    public static async Task SendAsync(string signal, IReadOnlyCollection<ProcessIdentity> processes)
    {
        var alive = processes.Where(p => p.IsAlive()).ToArray();
        if (alive.Length == 0)
            return;
        // A process may end before the signal arrives, which is fine: so the exit code of kill is ignored.
        string[] command = ["sh", "-c", "kill -s \"$@\"", "sh", signal,
            .. alive.Select(p => p.Id.ToString(CultureInfo.InvariantCulture))];
        await SystemCommand.TryRunAsync(command, CancellationToken.None);
    }

    public static async Task EndAsync(IReadOnlyCollection<ProcessIdentity> processes)
    {
        await SendAsync("TERM", processes);
        if (await WaitForExitAsync(processes))
            return;
        await SendAsync("KILL", processes);
        if (!await WaitForExitAsync(processes))
            throw new LabException(
                "Processes do not end even after SIGKILL: "
                    + $"{string.Join(", ", processes.Where(p => p.IsAlive()).Select(p => p.Id))}.");
    }

    private static Task<bool> WaitForExitAsync(IReadOnlyCollection<ProcessIdentity> processes)
        => Wait.TryUntilAsync(() => !processes.Any(p => p.IsAlive()), Timeout, CancellationToken.None);
}
