using System.CommandLine;
using System.Net;
using Sidestep.Cli.Managed;
using Sidestep.Engine.Xdp;
using Sidestep.Forwarding;
using Sidestep.Forwarding.LocalApi;
using Sidestep.Model;

namespace Sidestep.Cli.Commands;

/// <summary><c>sidestep flows</c>: what a director remembers, with or without its daemon.</summary>
public static class FlowsCommand
{
    /// <summary>The command.</summary>
    public static Command Create()
    {
        var list = new Option<bool>("--list") { Description = "Every flow, not only the counts." };
        var service = new Option<string?>("--service") { Description = "Only flows of the service of this name." };
        var server = new Option<string?>("--server") { Description = "Only flows of the real server of this name or address." };
        var client = new Option<string?>("--client") { Description = "Only flows of this client: an address, or a prefix such as 198.51.100.0/24." };
        var json = new Option<bool>("--json") { Description = "Print one JSON object on standard output." };
        var command = new Command("flows",
            "Count the flows that the director on this machine remembers, by real server, from what is pinned in the kernel. "
            + "A flow is remembered only where a hash alone does not say where it goes: while a pool changes, and for algorithms that need it. "
            + "Exits with 0 when they could be read, with 1 when there is no such director, service or server, with 2 when it cannot be read.");
        var which = new DirectorOptions(command);
        foreach (var option in new Option[] { list, service, server, client, json })
            command.Add(option);
        command.SetAction(parsed =>
        {
            var (output, error) = (parsed.InvocationConfiguration.Output, parsed.InvocationConfiguration.Error);
            IPNetwork? prefix = null;
            if (parsed.GetValue(client) is { } text && (prefix = FlowFilter.ParseClient(text)) is null)
            {
                error.WriteLine($"error: --client {text}: neither an address nor a prefix. Write one such as 198.51.100.7 or 198.51.100.0/24.");
                return ExitCode.Unusable;
            }
            var filter = new FlowFilter(parsed.GetValue(service), parsed.GetValue(server), prefix);
            return which.Read(parsed) is { } director
                ? Run(director, filter, parsed.GetValue(list), parsed.GetValue(json), output, error)
                : ExitCode.Unusable;
        });
        return command;
    }

    private static int Run(DirectorSettings director, FlowFilter filter, bool list, bool json, TextWriter output, TextWriter error)
    {
        IFlowsReport report = json ? new FlowsJson(output, list) : new FlowsText(output);
        var summary = new FlowSummary();
        try
        {
            void Visit(TrackedFlow flow)
            {
                if (!filter.Matches(flow))
                    return;
                summary.Add(flow);
                if (list)
                    report.Add(flow);
            }
            using var managed = ManagedDirector.Find(director);
            var tableStatus = managed is not null ? managed.Visit(Visit) : DirectorFlows.Visit(director.PinPath, director.Name, Visit);
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

    /// <summary>What was asked for and is not there: "none" would be read as "it has no flows".</summary>
    private static string? UnknownName(FlowFilter filter, FlowTableStatus tableStatus) =>
        filter.Service is { } service && !tableStatus.Services.Contains(service)
            ? $"--service {service}: the director has no service of that name. It has {Some(tableStatus.Services)}."
        : filter.Server is { } server && !tableStatus.Servers.Any(filter.Matches)
            ? $"--server {server}: the director has no real server of that name or address. It has {Some([.. tableStatus.Servers.Select(static s => s.Name)])}."
        : null;

    private static string Some(IReadOnlyList<string> names) => names.Count == 0 ? "none"
        : string.Join(", ", names.Distinct().Order(StringComparer.Ordinal).Take(10)) + (names.Count > 10 ? ", and more" : "");
}
