using System.CommandLine;
using System.Text.Json;
using Sidestep.Api;
using Sidestep.Api.Status;
using Sidestep.Forwarding;

namespace Sidestep.Cli.Commands;

/// <summary><c>sidestep status</c>: the status of a director, with or without its daemon.</summary>
public static class StatusCommand
{
    /// <summary>The command.</summary>
    /// <param name="read">Reads the status of the director, by its name and pin path; null: there is no such director.
    /// Throws
    /// <see cref="EngineException"/> if it cannot be read.</param>
    public static Command Create(Func<DirectorTarget, DirectorStatus?> read)
    {
        var json = new Option<bool>("--json") { Description = "Print one JSON object on standard output." };
        var command = new Command("status",
            "Show services, real servers, agents, drops and interfaces of a director: the daemon "
            + "answers, or the pinned tables while no daemon runs. Exit codes: 0: the director forwards; 1: there is "
            + "no such director, or it is attached to no interface; 2: it cannot be read.");
        var which = new DirectorOptions(command);
        command.Add(json);
        command.Add(SchemaOption.Of(ApiJson.Default.DirectorStatus, "sidestep status --json"));
        var watch = new WatchOption(command);
        command.SetAction(parsed => which.Read(parsed) is { } director
            ? watch.Run(parsed, () => Run(director, parsed.GetValue(json), read, parsed.InvocationConfiguration))
            : ExitCode.Unusable);
        return command;
    }

    private static int Run(
        DirectorTarget director, bool json, Func<DirectorTarget, DirectorStatus?> read,
            InvocationConfiguration console)
    {
        try
        {
            if (read(director) is not { } status)
                return DirectorOptions.Missing(director, console.Error);
            if (json)
                console.Output.WriteLine(JsonSerializer.Serialize(status, ApiJson.Indented.DirectorStatus));
            else
                StatusText.Write(status, console.Output);
            return status.IsAttached ? ExitCode.Ok : ExitCode.Failed;
        }
        catch (EngineException e)
        {
            console.Error.WriteLine($"error: {e.Message}");
            return ExitCode.Unusable;
        }
    }
}
