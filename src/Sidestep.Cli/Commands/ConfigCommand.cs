using System.CommandLine;
using Sidestep.Api.Configurations;
using Sidestep.Model;

namespace Sidestep.Cli.Commands;

/// <summary><c>sidestep config</c>: commands for configurations.</summary>
public static class ConfigCommand
{
    /// <summary>The command with its subcommands.</summary>
    /// <param name="readRevisions">Reads the revisions of a director; see
    /// <see cref="ConfigRevisionsCommand.Create"/>.</param>
    public static Command Create(Func<NodeSettings, RevisionsReport?> readRevisions) => new("config",
        "Check and convert configuration files, and show the latest revisions.")
    {
        ConfigCheckCommand.Create(),
        ConfigSchemaCommand.Create(),
        ConfigShowCommand.Create(),
        ConfigRevisionsCommand.Create(readRevisions),
    };
}
