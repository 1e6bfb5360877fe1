using System.CommandLine;
using System.Text.Json;
using Sidestep.Api;
using Sidestep.Api.Events;
using Sidestep.Forwarding;
using Sidestep.Model;

namespace Sidestep.Cli.Commands;

/// <summary><c>sidestep events</c>: the latest events that the daemon logged.</summary>
public static class EventsCommand
{
    /// <summary>Creates the <c>events</c> command with its options.</summary>
    /// <param name="read">Reads the events of a director, by its name and pin path; null: no daemon runs. Throws
    /// <see cref="EngineException"/> if it does not respond.</param>
    public static Command Create(Func<NodeSettings, EventsReport?> read)
    {
        var json = new Option<bool>("--json") { Description = "Print one JSON object on standard output." };
        var command = new Command("events",
            "Show the latest events that the daemon of the director on this machine logged, the newest last. Exit "
            + "codes: 0: shown; 1: no daemon runs; 2: it does not respond.");
        var which = new DirectorOptions(command);
        command.Add(json);
        command.Add(SchemaOption.Of(ApiJson.Default.EventsReport, "sidestep events --json"));
        command.SetAction(parsed => which.Read(parsed) is { } director
            ? Run(director, parsed.GetValue(json), read, parsed.InvocationConfiguration) : ExitCode.Unusable);
        return command;
    }

    private static int Run(NodeSettings director, bool json, Func<NodeSettings, EventsReport?> read,
        InvocationConfiguration console)
    {
        try
        {
            if (read(director) is not { } report)
            {
                console.Error.WriteLine($"error: no sidestepd runs for the director '{director.Name}' on this machine. "
                    + "Start it, or select another director with --config, --name and --pin-path.");
                return ExitCode.Failed;
            }
            if (json)
                console.Output.WriteLine(JsonSerializer.Serialize(report, ApiJson.Indented.EventsReport));
            else
                EventsText.Write(report, console.Output);
            return ExitCode.Ok;
        }
        catch (EngineException e)
        {
            console.Error.WriteLine($"error: {e.Message}");
            return ExitCode.Unusable;
        }
    }
}
