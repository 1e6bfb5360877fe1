using Sidestep.Cli;

return CommandLine.Run(SidestepCommand.Create(), args);
