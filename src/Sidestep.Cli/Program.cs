using System.CommandLine;
using Sidestep.Cli;
using Sidestep.Cli.Commands;
using Sidestep.Cli.Managed;
using Sidestep.Engine.Managed.Drivers;
using Sidestep.Engine.Xdp;
using Sidestep.Engine.Xdp.Replay;
using Sidestep.Model;

var root = new RootCommand("Sidestep: direct server return load balancing.")
{
    ConfigCommand.Create(),
    StatusCommand.Create(LocalDaemon.ReadStatus),
    DoctorCommand.Create(DirectorFiles.SocketPath),
    FlowsCommand.Create(FlowsCommand.Visit),
    CaptureCommand.Create(CaptureCommand.Begin),
    PreflightCommand.Create(InterfaceCapabilitiesReader.Read),
    PlanCommand.Create(RunningDirector.Read, ManagedDirector.Plan),
    ReplayCommand.Create(static flows => new XdpReplay(flows)),
    TraceCommand.Create(static c => DirectorNetwork.Read(c.Node.PinPath, c.Node.Name, c.Group.Peers),
        ManagedDirector.Trace),
};
return CommandLine.Run(root, args);
