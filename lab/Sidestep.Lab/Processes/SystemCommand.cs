using System.Diagnostics;

namespace Sidestep.Lab.Processes;

internal sealed record SystemCommandResult(int ExitCode, string Output, string Errors);

/// <summary>Runs a short command to its end and returns its output.</summary>
internal static class SystemCommand
{
    // Far above the time that any of these commands needs, so that a hanging command does not hang the lab.
    private static readonly TimeSpan Timeout = ScaledTimeout.Seconds(30);

    public static async Task<string> RunAsync(IReadOnlyList<string> command, CancellationToken cancel,
        string? input = null)
    {
        var result = await TryRunAsync(command, cancel, input);
        if (result.ExitCode != 0)
        {
            var message = string.IsNullOrWhiteSpace(result.Errors) ? result.Output : result.Errors;
            throw new LabException($"'{string.Join(' ', command)}' ended with {result.ExitCode}: {message.Trim()}"
                + (input is null ? "" : $"\nIts input was:\n{input.TrimEnd()}"));
        }
        return result.Output;
    }

    public static async Task<SystemCommandResult> TryRunAsync(IReadOnlyList<string> command, CancellationToken cancel,
        string? input = null)
    {
        using var process = Start(command);
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        timeout.CancelAfter(Timeout);
        try
        {
            var output = process.StandardOutput.ReadToEndAsync(timeout.Token);
            var errors = process.StandardError.ReadToEndAsync(timeout.Token);
            if (input is not null)
                await process.StandardInput.WriteAsync(input.AsMemory(), timeout.Token);
            process.StandardInput.Close();
            await process.WaitForExitAsync(timeout.Token);
            return new SystemCommandResult(process.ExitCode, await output, await errors);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            cancel.ThrowIfCancellationRequested();
            throw new LabException($"'{string.Join(' ', command)}' did not end within {Timeout.TotalSeconds:0} s.");
        }
    }

    private static Process Start(IReadOnlyList<string> command)
    {
        var start = new ProcessStartInfo(command[0])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var argument in command.Skip(1))
            start.ArgumentList.Add(argument);
        try
        {
            return Process.Start(start)!;
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            throw new LabException(
                $"'{command[0]}' cannot be started ({e.Message}); ./sidestep lab installs and builds what is needed.",
                e);
        }
    }
}
