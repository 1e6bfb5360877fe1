using System.CommandLine;
using System.Net;
using Sidestep.Api;
using Sidestep.Api.Flows;
using Sidestep.Api.Status;
using Sidestep.Forwarding;
using Sidestep.Forwarding.TrackedFlows;

namespace Sidestep.Cli.Commands;

/// <summary><c>sidestep flows</c>: the tracked flows of a director, from its daemon or from its pinned
/// tables.</summary>
public static class FlowsCommand
{
    /// <summary>Creates the <c>flows</c> command with its arguments and options.</summary>
    /// <param name="read">Reads the flows of a director, which is given by its name and pin path, and passes each on if
    /// the request lists them; null: there is no such director. Throws <see cref="EngineException"/> if it cannot be
    /// read, and <see cref="UnknownNameException"/> for a name that it does not have.</param>
    public static Command Create(
        Func<DirectorTarget, FlowsRequest, Action<FlowRecord>, FlowsReport?> read)
    {
        var list = new Option<bool>("--list") { Description = "List every flow, not only the counts." };
        var service = new Option<string?>("--service") { Description = "Only flows of the service of this name." };
        var server = new Option<string?>("--server")
        {
            Description = "Only flows of the real server of this name or address.",
        };
        var client = new Option<string?>("--client")
        {
            Description = "Only flows of this client: an address, or a prefix such as 198.51.100.0/24.",
        };
        var json = new Option<bool>("--json") { Description = "Print one JSON object on standard output." };
        var schema = SchemaOption.Of(ApiJson.Default.FlowsReport, "sidestep flows --json");
        var command = new Command("flows",
            "Count the tracked flows of a director by real server: the daemon answers, or the pinned "
            + "tables while no daemon runs. The director tracks a flow only if the hash alone does not determine its "
            + "server: in a transition of its pool, and with algorithms that need state. Exit codes: 0: read; 1: there "
            + "is no such director, service or server; 2: the director cannot be read.");
        var which = new DirectorOptions(command);
        foreach (var option in new Option[] { list, service, server, client, json, schema })
            command.Add(option);
        command.SetAction(parsed =>
        {
            var (output, error) = (parsed.InvocationConfiguration.Output, parsed.InvocationConfiguration.Error);
            IPNetwork? prefix = null;
            if (parsed.GetValue(client) is { } text && (prefix = FlowsRequest.ParseClient(text)) is null)
            {
                error.WriteLine(
                    $"error: --client {text}: neither an address nor a prefix. Write, for example, 198.51.100.7 or "
                    + "198.51.100.0/24.");
                return ExitCode.Unusable;
            }
            if (which.Read(parsed) is not { } director)
                return ExitCode.Unusable;
            var request = new FlowsRequest(
                parsed.GetValue(list), parsed.GetValue(service), parsed.GetValue(server), prefix);
            return Run(director, request, read, parsed.GetValue(json) ? new FlowsJson(output, request.List)
                : new FlowsText(output, TextConsole.WidthOf(output)), error);
        });
        return command;
    }

    private static int Run(DirectorTarget director, FlowsRequest request,
        Func<DirectorTarget, FlowsRequest, Action<FlowRecord>, FlowsReport?> read, IFlowsReport writer,
        TextWriter error)
    {
        try
        {
            if (read(director, request, writer.Add) is not { } report)
                return DirectorOptions.Missing(director, error);
            writer.Finish(report);
            if (report.Source == StatusSource.PinnedTables)
                PinnedNote.Write(director.Name, error);
            return ExitCode.Ok;
        }
        catch (UnknownNameException e)
        {
            error.WriteLine($"error: {e.Message}");
            return ExitCode.Failed;
        }
        catch (EngineException e)
        {
            error.WriteLine($"error: {e.Message}");
            return ExitCode.Unusable;
        }
    }
}
