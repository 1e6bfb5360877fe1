using System.CommandLine;
using Sidestep.Api;
using Sidestep.Model;

namespace Sidestep.Cli.Commands;

/// <summary><c>sidestep doctor</c>: names the faults, each with evidence and remedy.</summary>
public static class DoctorCommand
{
    /// <summary>A diagnosis takes some seconds, and it waits for one that another caller has requested
    /// before.</summary>
    private static readonly TimeSpan Timeout = TimeSpan.FromMinutes(1);

    /// <summary>Creates the <c>doctor</c> command with its arguments and options.</summary>
    /// <param name="connect">Makes a client of a director.</param>
    public static Command Create(Func<DirectorTarget, DirectorClient> connect)
    {
        var service = new Option<string?>("--service") { Description = "Check this virtual service only." };
        var json = new Option<bool>("--json") { Description = "Print one JSON object on standard output." };
        var command = new Command("doctor",
            "Let a director diagnose itself, the real servers and the return path of replies: what "
            + "is wrong, why, and what to do. Takes some seconds. Exit codes: 0: nothing is wrong; 1: something is "
            + "wrong; 2: the director does not respond.");
        var which = new DirectorOptions(command);
        command.Add(service);
        command.Add(json);
        command.SetAction(async (parsed, cancellation) => which.Read(parsed) is { } director
            ? await RunAsync(director, connect, parsed.GetValue(service), parsed.GetValue(json),
                parsed.InvocationConfiguration, cancellation).ConfigureAwait(false)
            : ExitCode.Unusable);
        return command;
    }

    private static async Task<int> RunAsync(DirectorTarget director, Func<DirectorTarget, DirectorClient> connect,
        string? service, bool json, InvocationConfiguration console, CancellationToken cancellation)
    {
        try
        {
            using var client = connect(director);
            var report = await client.DiagnoseAsync(new DoctorRequest(service), Timeout, cancellation)
                .ConfigureAwait(false);
            if (json)
                DoctorText.WriteJson(report, console.Output);
            else
                DoctorText.Write(report, console.Output);
            return report.Diagnoses.IsEmpty ? ExitCode.Ok : ExitCode.Failed;
        }
        catch (DirectorException e)
        {
            await console.Error.WriteLineAsync($"error: {e.Message}").ConfigureAwait(false);
            if (e.Status is null && director.Context is null && !DirectorFiles.IsRunning(director.Node))
                await console.Error.WriteLineAsync(
                    $"No sidestepd runs for the director '{director.Name}' on this machine: start it, or select "
                    + "another director with --config, --name and --pin-path.").ConfigureAwait(false);
            return ExitCode.Unusable;
        }
    }
}
