using System.CommandLine;
using System.Text.Json;
using Sidestep.Engine.Managed.Drivers;
using Sidestep.Forwarding;
using Sidestep.Forwarding.Drivers;
using Sidestep.Model;

namespace Sidestep.Cli.Commands;

/// <summary><c>sidestep preflight IFACE</c>: what automatic choice would take for an interface, and what would cure the rest.</summary>
public static class PreflightCommand
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>The command.</summary>
    public static Command Create()
    {
        var name = new Argument<string>("IFACE") { Description = "The kernel's name of an interface." };
        var engine = new Option<string>("--engine") { Description = "Only drivers of this engine: auto, xdp or managed.", DefaultValueFactory = static _ => "auto" };
        engine.AcceptOnlyFromAmong("auto", "xdp", "managed");
        var json = new Option<bool>("--json") { Description = "One JSON object on standard output." };
        var command = new Command("preflight",
            "Say which engine and driver automatic choice would take for an interface of this machine, why not a better one, and the command that would cure it. "
            + "Attaches and changes nothing. Exits with 0 when some driver works, with 1 when none does, with 2 when it cannot be found out.")
        {
            name, engine, json,
        };
        command.SetAction(parsed =>
        {
            var (output, error) = (parsed.InvocationConfiguration.Output, parsed.InvocationConfiguration.Error);
            try
            {
                var facts = FactsReader.Read(parsed.GetRequiredValue(name));
                var judgement = Judgement.Of(facts, Enum.Parse<EngineKind>(parsed.GetValue(engine)!, ignoreCase: true));
                if (parsed.GetValue(json))
                    WriteJson(facts, judgement, output);
                else
                    WriteText(facts, judgement, output);
                return judgement.Chosen is null ? ExitCode.Failed : ExitCode.Ok;
            }
            catch (EngineException e)
            {
                error.WriteLine($"error: {e.Message}");
                return ExitCode.Unusable;
            }
        });
        return command;
    }

    private static void WriteText(InterfaceFacts facts, Judgement judgement, TextWriter output)
    {
        output.WriteLine(judgement.Chosen is { } chosen ? $"{facts.Name}: engine {chosen.Engine().Name()}, driver {chosen.Name()}" : $"{facts.Name}: no driver works");
        foreach (var verdict in judgement.Drivers)
        {
            output.WriteLine($"  {verdict.Driver.Name(),-10} {(verdict.Works ? "works" : "does not work")}");
            foreach (var obstacle in verdict.Obstacles)
                Write(obstacle, "             ", output);
        }
        foreach (var note in judgement.Notes)
            Write(note, "  note: ", output);
    }

    private static void Write(Obstacle obstacle, string before, TextWriter output)
    {
        output.WriteLine($"{before}{obstacle.Reason}");
        if (obstacle.Cure is { } cure)
            output.WriteLine($"{new string(' ', before.Length)}cure: {cure}");
    }

    private static void WriteJson(InterfaceFacts facts, Judgement judgement, TextWriter output) => output.WriteLine(JsonSerializer.Serialize(
        new
        {
            @interface = facts.Name,
            engine = judgement.Engine?.Name(),
            driver = judgement.Chosen?.Name(),
            drivers = judgement.Drivers.Select(static d => new
            {
                engine = d.Driver.Engine().Name(),
                driver = d.Driver.Name(),
                works = d.Works,
                obstacles = d.Obstacles.Select(static o => new { reason = o.Reason, cure = o.Cure }),
            }),
            notes = judgement.Notes.Select(static o => new { reason = o.Reason, cure = o.Cure }),
            facts = new
            {
                device = facts.DeviceDriver,
                kind = facts.Kind,
                up = facts.IsUp,
                mtu = facts.MtuBytes,
                queues = facts.Queues,
                cpus = facts.Cpus,
                xdp = facts.TakesXdp,
                zeroCopy = facts.TakesZeroCopy,
                lro = facts.HasLro,
                hardwareGro = facts.HasHardwareGro,
                master = facts.Master,
                kernel = facts.Kernel.ToString(),
            },
        },
        Json));
}
