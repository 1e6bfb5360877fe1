using System.CommandLine;
using Sidestep.Api;
using Sidestep.Api.Events;
using Sidestep.Forwarding;

namespace Sidestep.Cli.Commands;

/// <summary><c>sidestep events</c>: the latest events that the daemon logged.</summary>
public static class EventsCommand
{
    /// <summary>Creates the <c>events</c> command with its options.</summary>
    /// <param name="read">Reads the events of a director, by its name and pin path; null: no daemon runs. Throws
    /// <see cref="EngineException"/> if it does not respond.</param>
    public static Command Create(Func<DirectorTarget, EventsReport?> read)
    {
        var json = new Option<bool>("--json") { Description = "Print one JSON object on standard output." };
        var command = new Command("events",
            "Show the latest events that the daemon of a director logged, the newest last. Exit "
            + "codes: 0: shown; 1: no daemon runs; 2: it does not respond.");
        var which = new DirectorOptions(command);
        command.Add(json);
        command.Add(SchemaOption.Of(ApiJson.Default.EventsReport, "sidestep events --json"));
        command.SetAction(parsed => which.Read(parsed) is { } director
            ? DaemonReport.Print(director, read, parsed.GetValue(json) ? ApiJson.Indented.EventsReport : null,
                EventsText.Write, parsed.InvocationConfiguration)
            : ExitCode.Unusable);
        return command;
    }
}
