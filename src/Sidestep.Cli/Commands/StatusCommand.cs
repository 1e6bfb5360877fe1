using System.CommandLine;
using Sidestep.Forwarding;
using Sidestep.Model;

namespace Sidestep.Cli.Commands;

/// <summary><c>sidestep status</c>: the status of a director, with or without its daemon.</summary>
public static class StatusCommand
{
    /// <summary>The command.</summary>
    /// <param name="read">Reads the state of the director, by its name and pin path; null: there is no such director.
    /// Throws
    /// <see cref="EngineException"/> if it cannot be read.</param>
    public static Command Create(Func<DirectorSettings, RunningStatus?> read)
    {
        var json = new Option<bool>("--json") { Description = "Print one JSON object on standard output." };
        var command = new Command("status",
            "Show services, real servers, drops and interfaces of the director on this machine, from the pinned "
            + "tables or from the daemon. Exit codes: 0: the director forwards; 1: there is no such director, or it "
            + "is attached to no interface; 2: it cannot be read.");
        var which = new DirectorOptions(command);
        command.Add(json);
        command.SetAction(parsed => which.Read(parsed) is { } director
            ? Run(director, parsed.GetValue(json), read, parsed.InvocationConfiguration)
            : ExitCode.Unusable);
        return command;
    }

    private static int Run(
        DirectorSettings director, bool json, Func<DirectorSettings, RunningStatus?> read,
            InvocationConfiguration console)
    {
        try
        {
            if (read(director) is not { } running)
                return DirectorOptions.Missing(director, console.Error);
            var report = new StatusReport(director, running);
            if (json)
                report.WriteJson(console.Output);
            else
                report.WriteText(console.Output);
            return running.Status.IsAttached ? ExitCode.Ok : ExitCode.Failed;
        }
        catch (EngineException e)
        {
            console.Error.WriteLine($"error: {e.Message}");
            return ExitCode.Unusable;
        }
    }
}
