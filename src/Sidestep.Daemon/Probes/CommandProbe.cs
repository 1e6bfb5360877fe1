using System.Diagnostics;
using System.Globalization;
using Sidestep.Control.Health;

namespace Sidestep.Daemon.Probes;

/// <summary>Runs a program; its exit code is the result. The environment tells the program the target, and the source
/// and mark that lead its packets along the DSR path.</summary>
internal static class CommandProbe
{
    /// <summary>Programs that run at the same time.</summary>
    internal const int MaxConcurrent = 16;

    private const int MaxLineCharacters = 200;
    private static readonly SemaphoreSlim Concurrency = new(MaxConcurrent);

    /// <summary>Waits until another program may run, before the time limit of that program begins: programs that hang
    /// must not spend the time of others.</summary>
    /// <returns>True: the caller may run its program, and must call <see cref="Exit"/> after it. False: the timeout is
    /// over, and all slots are still in use.</returns>
    internal static Task<bool> TryEnterAsync(TimeSpan timeout, CancellationToken cancellation) =>
        Concurrency.WaitAsync(timeout, cancellation);

    internal static void Exit() => Concurrency.Release();

    /// <summary>Runs the program once. Cancellation kills it, with its child processes.</summary>
    internal static async Task<ProbeResult> RunAsync(ProbeEndpoint endpoint, Check check,
        CancellationToken cancellation)
    {
        var start = new ProcessStartInfo(check.Monitor.Command[0])
        {
            RedirectStandardError = true,
            RedirectStandardOutput = true,
            RedirectStandardInput = true
        };
        foreach (var argument in check.Monitor.Command.Skip(1))
            start.ArgumentList.Add(argument);
        start.Environment["SIDESTEP_SERVER"] = check.Server;
        start.Environment["SIDESTEP_SERVER_ADDRESS"] = check.Key.Address.Address.ToString();
        start.Environment["SIDESTEP_POOL"] = check.Key.Group.Pool.ToString();
        start.Environment["SIDESTEP_PROBE"] = check.Key.ThroughDsrPath ? "dsr-path" : "server";
        start.Environment["SIDESTEP_ADDRESS"] = endpoint.Address.ToString();
        start.Environment["SIDESTEP_PORT"] = endpoint.Port.ToString(CultureInfo.InvariantCulture);
        start.Environment["SIDESTEP_SOURCE"] = endpoint.Source?.ToString() ?? "";
        start.Environment["SIDESTEP_MARK"] = endpoint.Mark.ToString(CultureInfo.InvariantCulture);
        using var process = new Process { StartInfo = start };
        try
        {
            process.Start();
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            return ProbeResult.NotSent($"{check.Monitor.Command[0]} cannot be run: {e.Message}");
        }
        try
        {
            process.StandardInput.Close();
            var output = FirstLineAsync(process.StandardOutput, cancellation);
            var error = FirstLineAsync(process.StandardError, cancellation);
            await process.WaitForExitAsync(cancellation).ConfigureAwait(false);
            if (process.ExitCode == 0)
                return ProbeResult.Success;
            var message = await error.ConfigureAwait(false) is { Length: > 0 } line ? line
                : await output.ConfigureAwait(false);
            return ProbeResult.Failure(
                string.Create(CultureInfo.InvariantCulture,
                $"exit code {process.ExitCode}{(message.Length == 0 ? "" : ": " + message)}"));
        }
        finally
        {
            if (!process.HasExited)
                process.Kill(entireProcessTree: true);
        }
    }

    /// <summary>The first line of output, at most 200 characters. The rest is read and discarded, so that the program
    /// is not blocked.</summary>
    private static async Task<string> FirstLineAsync(StreamReader reader, CancellationToken cancellation)
    {
        var first = "";
        var buffer = new char[1024];
        int count;
        while ((count = await reader.ReadAsync(buffer, cancellation).ConfigureAwait(false)) > 0)
        {
            if (first.Length < MaxLineCharacters && !first.Contains('\n', StringComparison.Ordinal))
                first += new string(buffer, 0, count);
        }
        var line = first.Split('\n')[0].Trim();
        return line.Length > MaxLineCharacters ? line[..MaxLineCharacters] : line;
    }
}
