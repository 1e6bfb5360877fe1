using System.CommandLine;
using Sidestep.Cli;
using Sidestep.Cli.Commands;
using Sidestep.Engine.Xdp;

var root = new RootCommand("Sidestep: direct server return load balancing.")
{
    ConfigCommand.Create(),
    StatusCommand.Create(),
    DoctorCommand.Create(),
    FlowsCommand.Create(),
    CaptureCommand.Create(),
    PlanCommand.Create(RunningDirector.Read),
};
return CommandLine.Run(root, args);
