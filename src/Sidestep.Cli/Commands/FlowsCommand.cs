using System.CommandLine;
using System.Net;
using Sidestep.Cli.Managed;
using Sidestep.Engine.Xdp;
using Sidestep.Forwarding;
using Sidestep.Forwarding.LocalApi;
using Sidestep.Model;

namespace Sidestep.Cli.Commands;

/// <summary><c>sidestep flows</c>: the tracked flows of a director, with or without its daemon.</summary>
public static class FlowsCommand
{
    /// <summary>Creates the <c>flows</c> command with its arguments and options.</summary>
    /// <param name="visit">Passes every tracked flow of a director, which is given by its name and pin path, to the
    /// action; null: there is no such director. Throws <see cref="EngineException"/> if it cannot be read.</param>
    public static Command Create(Func<NodeSettings, Action<TrackedFlow>, FlowTableStatus?> visit)
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
        var command = new Command("flows",
            "Count the tracked flows of the director on this machine by real server, from the pinned tables or from "
            + "the daemon. The director tracks a flow only if the hash alone does not determine its server: in a "
            + "transition of its pool, and with algorithms that need state. Exit codes: 0: read; 1: there is no such "
            + "director, service or server; 2: the director cannot be read.");
        var which = new DirectorOptions(command);
        foreach (var option in new Option[] { list, service, server, client, json })
            command.Add(option);
        command.SetAction(parsed =>
        {
            var (output, error) = (parsed.InvocationConfiguration.Output, parsed.InvocationConfiguration.Error);
            IPNetwork? prefix = null;
            if (parsed.GetValue(client) is { } text && (prefix = FlowFilter.ParseClient(text)) is null)
            {
                error.WriteLine(
                    $"error: --client {text}: neither an address nor a prefix. Write, for example, 198.51.100.7 or "
                    + "198.51.100.0/24.");
                return ExitCode.Unusable;
            }
            var filter = new FlowFilter(parsed.GetValue(service), parsed.GetValue(server), prefix);
            if (which.Read(parsed) is not { } director)
                return ExitCode.Unusable;
            var isList = parsed.GetValue(list);
            return Run(director, filter, isList, visit,
                parsed.GetValue(json) ? new FlowsJson(output, isList)
                    : new FlowsText(output, TextConsole.WidthOf(output)), error);
        });
        return command;
    }

    /// <summary>Passes every tracked flow of a director of this machine to <paramref name="action"/>; null: there is no
    /// such director.</summary>
    /// <exception cref="EngineException">It cannot be read.</exception>
    public static FlowTableStatus? Visit(NodeSettings director, Action<TrackedFlow> action)
    {
        ArgumentNullException.ThrowIfNull(director);
        using var managed = ManagedDirector.Find(director);
        return managed is not null ? managed.Visit(action)
            : DirectorFlows.Visit(director.PinPath, director.Name, action);
    }

    private static int Run(NodeSettings director, FlowFilter filter, bool list,
        Func<NodeSettings, Action<TrackedFlow>, FlowTableStatus?> visit, IFlowsReport report, TextWriter error)
    {
        var summary = new FlowSummary();
        try
        {
            var tableStatus = visit(director, flow =>
            {
                if (!filter.Matches(flow))
                    return;
                summary.Add(flow);
                if (list)
                    report.Add(flow);
            });
            if (tableStatus is null)
                return DirectorOptions.Missing(director, error);
            if (UnknownName(filter, tableStatus) is { } unknown)
            {
                error.WriteLine($"error: {unknown}");
                return ExitCode.Failed;
            }
            foreach (var server in tableStatus.Servers.Where(filter.Matches))
                summary.AddServer(server);
            report.Finish(director.Name, summary, tableStatus);
            return ExitCode.Ok;
        }
        catch (EngineException e)
        {
            error.WriteLine($"error: {e.Message}");
            return ExitCode.Unusable;
        }
    }

    /// <summary>An error for a name that does not exist; a count of 0 would mean that it has no flows.</summary>
    private static string? UnknownName(FlowFilter filter, FlowTableStatus tableStatus) =>
        filter.Service is { } service && !tableStatus.Services.Contains(ServiceKey.Parse(service))
            ? $"--service {service}: the director has no service of that name. It has "
                + $"{Some([.. tableStatus.Services.Select(static s => s.ToString())])}."
        : filter.Server is { } server && !tableStatus.Servers.Any(filter.Matches)
            ? $"--server {server}: the director has no real server of that name or address. It has "
                + $"{Some([.. tableStatus.Servers.Select(static s => s.Name)])}."
        : null;

    private static string Some(IReadOnlyList<string> names) => names.Count == 0 ? "none"
        : string.Join(", ", names.Distinct().Order(StringComparer.Ordinal).Take(10))
            + (names.Count > 10 ? ", and more" : "");
}
