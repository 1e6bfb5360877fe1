using System.CommandLine;

namespace Sidestep.Cli.Commands;

/// <summary><c>sidestep config</c>: commands for configurations.</summary>
public static class ConfigCommand
{
    /// <summary>The command with its subcommands.</summary>
    public static Command Create() => new("config", "Check and convert configuration files.")
    {
        ConfigCheckCommand.Create(),
        ConfigSchemaCommand.Create(),
        ConfigShowCommand.Create(),
    };
}
