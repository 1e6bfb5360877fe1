using System.CommandLine;
using Sidestep.Model;

namespace Sidestep.Cli.Commands;

/// <summary><c>sidestep config check FILE</c>: reports every error of a configuration file.</summary>
public static class ConfigCheckCommand
{
    /// <summary>Creates the <c>check</c> command with its arguments and options.</summary>
    public static Command Create()
    {
        var file = new Argument<string>("FILE") { Description = "The configuration file; - is standard input." };
        var json = new Option<bool>("--json")
        {
            Description = "Print the result as one JSON object on standard output.",
        };
        var offline = new Option<bool>("--offline")
        {
            Description = "Do not check against the interfaces and addresses of this machine.",
        };
        var command = new Command("check",
            "Check a configuration file and report every error at once. Exit codes: 0: no errors; 1: errors; 2: the "
            + "file cannot be read.")
        {
            file, json, offline,
        };
        command.SetAction(parsed => Run(
            parsed.GetRequiredValue(file), parsed.GetValue(json), parsed.GetValue(offline),
            parsed.InvocationConfiguration.Output, parsed.InvocationConfiguration.Error));
        return command;
    }

    private static int Run(string file, bool json, bool offline, TextWriter output, TextWriter error)
    {
        var read = ConfigurationFile.Read(file);
        if (read.Text is not { } text)
        {
            error.WriteLine($"{read.Name}: error: {read.Problem}");
            return ExitCode.Unusable;
        }
        var result = ConfigurationReader.Read(text, offline ? null : HostInfo.OfThisMachine());
        if (json)
            ConfigCheckReport.WriteJson(read.Name, result, output);
        else
            ConfigCheckReport.WriteText(read.Name, result, offline, offline ? 0 : HostErrors(text, result), output,
                error);
        return result.Errors.IsEmpty ? ExitCode.Ok : ExitCode.Failed;
    }

    // A check on another machine than the director shows that the machine causes the errors, not the file.
    private static int HostErrors(string text, ConfigurationResult result) =>
        result.Errors.IsEmpty ? 0 : result.Errors.Length - ConfigurationReader.Read(text, null).Errors.Length;
}
