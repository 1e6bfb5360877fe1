using System.CommandLine;
using Sidestep.Api;
using Sidestep.Model;

namespace Sidestep.Cli.Commands;

/// <summary><c>sidestep doctor</c>: what is wrong, by name, with evidence and cure.</summary>
public static class DoctorCommand
{
    /// <summary>The director looks for some seconds; another one who asked first comes first.</summary>
    private static readonly TimeSpan Timeout = TimeSpan.FromMinutes(1);

    /// <summary>The command.</summary>
    public static Command Create()
    {
        var service = new Option<string?>("--service") { Description = "Look at this virtual service only." };
        var json = new Option<bool>("--json") { Description = "Print one JSON object on standard output." };
        var command = new Command("doctor",
            "Have the director on this machine look, ask and probe, and say what is wrong with it, with the real servers and with the way back. "
            + "Takes some seconds. Exits with 0 when nothing is wrong, with 1 when something is, with 2 when the director cannot be asked.");
        var which = new DirectorOptions(command);
        command.Add(service);
        command.Add(json);
        command.SetAction(async (parsed, cancellation) => which.Read(parsed) is { } director
            ? await RunAsync(director, parsed.GetValue(service), parsed.GetValue(json), parsed.InvocationConfiguration, cancellation).ConfigureAwait(false)
            : ExitCode.Unusable);
        return command;
    }

    private static async Task<int> RunAsync(DirectorSettings director, string? service, bool json, InvocationConfiguration console, CancellationToken cancellation)
    {
        try
        {
            using var client = DirectorClient.OnThisMachine(DaemonReport.SocketPath(director));
            var report = await client.DiagnoseAsync(new DoctorRequest(service), Timeout, cancellation).ConfigureAwait(false);
            if (json)
                DoctorText.WriteJson(report, console.Output);
            else
                DoctorText.Write(report, console.Output);
            return report.Diagnoses.IsEmpty ? ExitCode.Ok : ExitCode.Failed;
        }
        catch (DirectorException e)
        {
            await console.Error.WriteLineAsync($"error: {e.Message}").ConfigureAwait(false);
            if (e.Status is null && !DaemonReport.IsRunning(director))
                await console.Error.WriteLineAsync($"No sidestepd runs for the director '{director.Name}' on this machine: start it, or name another with --config, --name and --pin-path.").ConfigureAwait(false);
            return ExitCode.Unusable;
        }
    }
}
