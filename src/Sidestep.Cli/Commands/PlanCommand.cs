using System.CommandLine;
using System.Text.Json;
using Sidestep.Api;
using Sidestep.Api.Plans;
using Sidestep.Api.Status;
using Sidestep.Cli.Contexts;
using Sidestep.Forwarding;
using Sidestep.Model;

namespace Sidestep.Cli.Commands;

/// <summary><c>sidestep plan FILE</c>: what a configuration would change, before it does.</summary>
public static class PlanCommand
{
    /// <summary>The command.</summary>
    /// <param name="plan">Plans a configuration for a running director; null: there is no such director. Throws <see
    /// cref="EngineException"/> if it cannot be read.</param>
    public static Command Create(Func<DirectorTarget, Configuration, PlanRequest, PlanReport?> plan)
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
            "Compare a configuration file with the state of a director: which services and servers "
            + "change, what share of the slots moves, and what happens to tracked flows. Changes nothing. Exit codes: "
            + "0: planned; 1: the file has errors or there is no such director; 2: something cannot be read.")
        {
            file, json, offline, SchemaOption.Of(ApiJson.Default.PlanReport, "sidestep plan --json"),
        };
        var which = new ContextOption(command);
        command.SetAction(parsed => which.TryRead(parsed, isLocal: false, out var context)
            ? Run(parsed.GetRequiredValue(file), context, parsed.GetValue(json), parsed.GetValue(offline), plan,
                parsed.InvocationConfiguration.Output, parsed.InvocationConfiguration.Error)
            : ExitCode.Unusable);
        return command;
    }

    private static int Run(string path, DirectorContext? context, bool json, bool offline,
        Func<DirectorTarget, Configuration, PlanRequest, PlanReport?> plan, TextWriter output, TextWriter error)
    {
        var file = ConfigurationFile.Read(path);
        if (file.Text is not { } text)
        {
            error.WriteLine($"{file.Name}: error: {file.Problem}");
            return ExitCode.Unusable;
        }
        var result = ConfigurationReader.Read(text, offline || context is not null ? null : HostInfo.OfThisMachine());
        foreach (var issue in result.Errors)
            error.WriteLine(issue.Format(file.Name, "error"));
        if (result.Configuration is not { } configuration)
            return ExitCode.Failed;
        try
        {
            var director = context is null ? DirectorTarget.Of(configuration.Node) : DirectorTarget.Of(context);
            if (plan(director, configuration, new PlanRequest(file.Name, text)) is not { } report)
            {
                error.WriteLine(
                    $"error: no director '{director.Name}' is pinned under {director.PinPath}: there is nothing to "
                    + "compare the file with. Start sidestepd, or correct node.name and node.pinPath in the "
                    + "file.");
                return ExitCode.Failed;
            }
            if (json)
                output.WriteLine(JsonSerializer.Serialize(report, ApiJson.Indented.PlanReport));
            else
                new PlanText(report).Write(output);
            if (report.Source == StatusSource.PinnedTables)
                PinnedNote.Write(director.Name, error);
            return ExitCode.Ok;
        }
        catch (EngineException e)
        {
            error.WriteLine($"error: {e.Message}");
            return ExitCode.Unusable;
        }
    }
}
