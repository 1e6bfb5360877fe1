using System.Globalization;

namespace Sidestep.Lab.Processes;

/// <summary>Ends processes: first asked, then, when they do not, without asking.</summary>
internal static class ProcessSignals
{
    private static readonly TimeSpan Timeout = ScaledTimeout.Seconds(5);

    public static async Task SendAsync(string signal, IReadOnlyCollection<ProcessIdentity> processes)
    {
        var alive = processes.Where(p => p.IsAlive()).ToArray();
        if (alive.Length == 0)
            return;
        // One that ends between the look and the signal is what is wanted: hence no complaint about kill's exit code.
        string[] command = ["sh", "-c", "kill -s \"$@\"", "sh", signal, .. alive.Select(p => p.Id.ToString(CultureInfo.InvariantCulture))];
        await SystemCommand.TryRunAsync(command, CancellationToken.None);
    }

    public static async Task EndAsync(IReadOnlyCollection<ProcessIdentity> processes)
    {
        await SendAsync("TERM", processes);
        if (await WaitForExitAsync(processes))
            return;
        await SendAsync("KILL", processes);
        if (!await WaitForExitAsync(processes))
            throw new LabException($"Processes do not end even after SIGKILL: {string.Join(", ", processes.Where(p => p.IsAlive()).Select(p => p.Id))}.");
    }

    private static Task<bool> WaitForExitAsync(IReadOnlyCollection<ProcessIdentity> processes)
        => Wait.TryUntilAsync(() => !processes.Any(p => p.IsAlive()), Timeout, CancellationToken.None);
}
