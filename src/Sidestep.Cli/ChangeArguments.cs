using System.CommandLine;
using System.Text.Json;
using Sidestep.Api;
using Sidestep.Api.Configurations;

namespace Sidestep.Cli;

/// <summary>The options of all commands that change the configuration of a running director.</summary>
internal sealed class ChangeArguments
{
    private readonly Option<bool> _dryRun = new("--dry-run")
    {
        Description = "Show what would change, move and break, and change nothing.",
    };

    private readonly Option<string?> _reason = new("--reason") { Description = "Why, for the history." };

    private readonly Option<bool> _json = new("--json") { Description = "Print one JSON object on standard output." };

    /// <summary>Adds the options to a command.</summary>
    internal ChangeArguments(Command command)
    {
        command.Add(_dryRun);
        command.Add(_reason);
        command.Add(_json);
    }

    internal ChangeOptions Of(ParseResult parsed) => new(parsed.GetValue(_dryRun), parsed.GetValue(_reason));

    /// <summary>Prints what the change has done.</summary>
    internal int Print(ParseResult parsed, ChangeReport report)
    {
        var output = parsed.InvocationConfiguration.Output;
        if (parsed.GetValue(_json))
            output.WriteLine(JsonSerializer.Serialize(report, ApiJson.Indented.ChangeReport));
        else
            ChangeText.Write(report, output);
        return report.InForce == false ? ExitCode.Failed : ExitCode.Ok;
    }
}
