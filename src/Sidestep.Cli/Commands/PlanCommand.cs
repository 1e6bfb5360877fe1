using System.CommandLine;
using Sidestep.Forwarding;
using Sidestep.Forwarding.Plans;
using Sidestep.Model;

namespace Sidestep.Cli.Commands;

/// <summary><c>sidestep plan FILE</c>: what a configuration would change, before it does.</summary>
public static class PlanCommand
{
    /// <summary>The command.</summary>
    /// <param name="read">Reads the state of the running director, by its name and pin path; null: there is no such
    /// director. Throws <see cref="EngineException"/> if it cannot be read.</param>
    /// <param name="requestPlan">Requests the plan from the daemon of a managed director, with the text of the
    /// configuration; returns null for other directors.</param>
    public static Command Create(Func<NodeSettings, RunningState?> read, Func<NodeSettings, string,
        Plan?>? requestPlan = null)
    {
        var file = new Argument<string>("FILE")
        {
            Description = "The proposed configuration file; - is standard input.",
        };
        var json = new Option<bool>("--json") { Description = "Print the plan as one JSON object on standard output." };
        var offline = new Option<bool>("--offline")
        {
            Description = "Do not check the file against the interfaces and addresses of this machine.",
        };
        var command = new Command("plan",
            "Compare a configuration file with the state of the director on this machine: which services and servers "
            + "change, what share of the slots moves, and what happens to tracked flows. Changes nothing. Exit codes: "
            + "0: planned; 1: the file has errors or there is no such director; 2: something cannot be read.")
        {
            file, json, offline,
        };
        command.SetAction(parsed => Run(parsed.GetRequiredValue(file), parsed.GetValue(json), parsed.GetValue(offline),
            read, requestPlan,
            parsed.InvocationConfiguration.Output, parsed.InvocationConfiguration.Error));
        return command;
    }

    private static int Run(string path, bool json, bool offline, Func<NodeSettings, RunningState?> read,
        Func<NodeSettings, string, Plan?>? requestPlan, TextWriter output, TextWriter error)
    {
        var file = ConfigurationFile.Read(path);
        if (file.Text is not { } text)
        {
            error.WriteLine($"{file.Name}: error: {file.Problem}");
            return ExitCode.Unusable;
        }
        var result = ConfigurationReader.Read(text, offline ? null : HostInfo.OfThisMachine());
        foreach (var issue in result.Errors)
            error.WriteLine(issue.Format(file.Name, "error"));
        if (result.Configuration is not { } configuration)
            return ExitCode.Failed;
        try
        {
            var director = configuration.Node;
            if (requestPlan?.Invoke(director, text) is { } planned)
                return Write(director, planned, json, output);
            if (read(director) is not { } running)
            {
                error.WriteLine(
                    $"error: no director '{director.Name}' is pinned under {director.PinPath}: there is nothing to "
                    + "compare the file with. Start sidestepd, or correct node.name and node.pinPath in the "
                    + "file.");
                return ExitCode.Failed;
            }
            return Write(director, Planner.Of(running, configuration, DateTimeOffset.UtcNow), json, output);
        }
        catch (EngineException e)
        {
            error.WriteLine($"error: {e.Message}");
            return ExitCode.Unusable;
        }
    }

    private static int Write(NodeSettings director, Plan plan, bool json, TextWriter output)
    {
        var report = new PlanReport(director.Name, plan);
        if (json)
            report.WriteJson(output);
        else
            report.WriteText(output);
        return ExitCode.Ok;
    }
}
