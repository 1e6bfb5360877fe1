using System.CommandLine;
using Sidestep.Model;

namespace Sidestep.Cli.Commands;

/// <summary><c>sidestep config schema</c>: prints the JSON Schema of the configuration file.</summary>
public static class ConfigSchemaCommand
{
    /// <summary>Creates the <c>schema</c> command.</summary>
    public static Command Create()
    {
        var command = new Command("schema", "Print the JSON Schema of the configuration file, for editors.");
        command.SetAction(parsed => parsed.InvocationConfiguration.Output.Write(ConfigurationSchema.ToJson()));
        return command;
    }
}
