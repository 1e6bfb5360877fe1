using System.CommandLine;
using System.Text.Json;
using Sidestep.Api;
using Sidestep.Api.Preflight;
using Sidestep.Forwarding;
using Sidestep.Forwarding.Drivers;
using Sidestep.Model;

namespace Sidestep.Cli.Commands;

/// <summary><c>sidestep preflight IFACE</c>: which driver <c>auto</c> would select for an interface, and how to make
/// the others work.</summary>
public static class PreflightCommand
{
    /// <summary>Creates the <c>preflight</c> command with its arguments and options.</summary>
    /// <param name="read">Reads the capabilities of an interface. Throws <see cref="EngineException"/> if that is not
    /// possible.</param>
    public static Command Create(Func<string, InterfaceCapabilities> read)
    {
        var name = new Argument<string>("IFACE") { Description = "The kernel's name of an interface." };
        var engine = new Option<string>("--engine")
        {
            Description = "Only drivers of this engine: auto, xdp or managed.",
            DefaultValueFactory = static _ => "auto",
        };
        engine.AcceptOnlyFromAmong("auto", "xdp", "managed");
        var json = new Option<bool>("--json") { Description = "Print one JSON object on standard output." };
        var command = new Command("preflight",
            "Show which engine and driver auto would select for an interface of this machine, why not a better one, "
            + "and the command that would change that. Attaches and changes nothing. Exit codes: 0: a driver works; 1: "
            + "no driver works; 2: the interface cannot be examined.")
        {
            name, engine, json,
        };
        command.SetAction(parsed =>
        {
            var (output, error) = (parsed.InvocationConfiguration.Output, parsed.InvocationConfiguration.Error);
            try
            {
                var capabilities = read(parsed.GetRequiredValue(name));
                var selection = DriverSelection.Of(capabilities,
                    Enum.Parse<EngineKind>(parsed.GetValue(engine)!, ignoreCase: true));
                if (parsed.GetValue(json))
                    WriteJson(capabilities, selection, output);
                else
                    WriteText(capabilities, selection, output);
                return selection.Chosen is null ? ExitCode.Failed : ExitCode.Ok;
            }
            catch (EngineException e)
            {
                error.WriteLine($"error: {e.Message}");
                return ExitCode.Unusable;
            }
        });
        return command;
    }

    private static void WriteText(InterfaceCapabilities capabilities, DriverSelection selection, TextWriter output)
    {
        output.WriteLine(selection.Chosen is { } chosen
            ? $"{capabilities.Name}: engine {chosen.Engine().Name()}, driver {chosen.Name()}"
                : $"{capabilities.Name}: no driver works");
        foreach (var candidate in selection.Drivers)
        {
            output.WriteLine($"  {candidate.Driver.Name(),-10} {(candidate.Works ? "works" : "does not work")}");
            foreach (var obstacle in candidate.Obstacles)
                Write(obstacle, "             ", output);
        }
        foreach (var note in selection.Notes)
            Write(note, "  note: ", output);
    }

    private static void Write(Obstacle obstacle, string before, TextWriter output)
    {
        output.WriteLine($"{before}{obstacle.Reason}");
        if (obstacle.Remedy is { } remedy)
            output.WriteLine($"{new string(' ', before.Length)}remedy: {remedy}");
    }

    private static void WriteJson(InterfaceCapabilities capabilities, DriverSelection selection, TextWriter output) =>
        output.WriteLine(JsonSerializer.Serialize(RecordOf(capabilities, selection),
            ApiJson.Indented.PreflightReport));

    private static PreflightReport RecordOf(InterfaceCapabilities capabilities, DriverSelection selection) => new(
        capabilities.Name, selection.Engine?.Name(), selection.Chosen?.Name(),
        [.. selection.Drivers.Select(static d => new PreflightDriver(
            d.Driver.Engine().Name(), d.Driver.Name(), d.Works, [.. d.Obstacles.Select(RecordOf)]))],
        [.. selection.Notes.Select(RecordOf)],
        new PreflightCapabilities(capabilities.DeviceDriver, capabilities.Kind, capabilities.IsUp,
            capabilities.MtuBytes, capabilities.Queues, capabilities.Cpus, capabilities.SupportsXdp,
            capabilities.SupportsZeroCopy, capabilities.HasLro, capabilities.HasHardwareGro, capabilities.Master,
            capabilities.Kernel.ToString()));

    private static PreflightObstacle RecordOf(Obstacle obstacle) => new(obstacle.Reason, obstacle.Remedy);
}
