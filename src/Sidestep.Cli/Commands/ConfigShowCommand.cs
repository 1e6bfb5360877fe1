using System.CommandLine;
using Sidestep.Model;

namespace Sidestep.Cli.Commands;

/// <summary><c>sidestep config show FILE</c>: prints a configuration in its canonical form, or converts it.</summary>
public static class ConfigShowCommand
{
    private const string Yaml = "yaml", Json = "json";

    /// <summary>Creates the <c>show</c> command with its arguments and options.</summary>
    public static Command Create()
    {
        var file = new Argument<string>("FILE") { Description = "The configuration file; - is standard input." };
        var format = new Option<string>("--format")
        {
            Description = "The format of the output, whatever that of the file.",
            DefaultValueFactory = static _ => Yaml,
        };
        format.AcceptOnlyFromAmong(Yaml, Json);
        var command = new Command("show",
            "Print a configuration as YAML or JSON: keys in the order of the schema, without comments and default "
            + "values. Exit codes: 0: printed; 1: the configuration has errors; 2: the file cannot be read.")
        {
            file, format,
        };
        command.SetAction(parsed => Run(parsed.GetRequiredValue(file), parsed.GetValue(format) == Json,
            parsed.InvocationConfiguration.Output, parsed.InvocationConfiguration.Error));
        return command;
    }

    private static int Run(string file, bool asJson, TextWriter output, TextWriter error)
    {
        var read = ConfigurationFile.Read(file);
        if (read.Text is not { } text)
        {
            error.WriteLine($"{read.Name}: error: {read.Problem}");
            return ExitCode.Unusable;
        }
        var result = ConfigurationReader.Read(text, null);
        foreach (var issue in result.Errors)
            error.WriteLine(issue.Format(read.Name, "error"));
        if (result.Configuration is not { } configuration)
            return ExitCode.Failed;
        output.Write(asJson ? ConfigurationWriter.ToJson(configuration) : ConfigurationWriter.ToYaml(configuration));
        return ExitCode.Ok;
    }
}
