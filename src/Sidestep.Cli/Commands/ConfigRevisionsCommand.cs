using System.CommandLine;
using Sidestep.Api;
using Sidestep.Api.Configurations;
using Sidestep.Forwarding;
using Sidestep.Model;

namespace Sidestep.Cli.Commands;

/// <summary><c>sidestep config revisions</c>: the latest configurations that the daemon accepted or rejected.</summary>
public static class ConfigRevisionsCommand
{
    /// <summary>Creates the <c>revisions</c> command with its options.</summary>
    /// <param name="read">Reads the revisions of a director, by its name and pin path; null: no daemon runs. Throws
    /// <see cref="EngineException"/> if it does not respond.</param>
    public static Command Create(Func<NodeSettings, RevisionsReport?> read)
    {
        var json = new Option<bool>("--json") { Description = "Print one JSON object on standard output." };
        var command = new Command("revisions",
            "Show the latest configurations that the daemon of the director on this machine accepted or rejected since "
            + "its start, the newest last. Exit codes: 0: shown; 1: no daemon runs; 2: it does not respond.");
        var which = new DirectorOptions(command);
        command.Add(json);
        command.Add(SchemaOption.Of(ApiJson.Default.RevisionsReport, "sidestep config revisions --json"));
        command.SetAction(parsed => which.Read(parsed) is { } director
            ? DaemonReport.Print(director, read, parsed.GetValue(json) ? ApiJson.Indented.RevisionsReport : null,
                RevisionsText.Write, parsed.InvocationConfiguration)
            : ExitCode.Unusable);
        return command;
    }
}
