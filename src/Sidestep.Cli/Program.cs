using System.CommandLine;
using Sidestep.Cli;
using Sidestep.Cli.Commands;

var root = new RootCommand("Sidestep: direct server return load balancing.")
{
    ConfigCommand.Create(),
};
return CommandLine.Run(root, args);
