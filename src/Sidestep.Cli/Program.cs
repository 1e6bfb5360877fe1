using System.CommandLine;
using Sidestep.Api;
using Sidestep.Cli;
using Sidestep.Cli.Commands;
using Sidestep.Engine.Managed.Drivers;
using Sidestep.Engine.Xdp.Replay;
using Sidestep.Model;

var root = new RootCommand("Sidestep: direct server return load balancing.")
{
    ConfigCommand.Create(),
    GetCommand.Create(Connect),
    ApplyCommand.Create(Connect),
    DiffCommand.Create(Connect),
    DeleteCommand.Create(Connect),
    HistoryCommand.Create(Connect),
    RollbackCommand.Create(Connect),
    StatusCommand.Create(DirectorQueries.ReadStatus),
    DoctorCommand.Create(DirectorFiles.SocketPath),
    EventsCommand.Create(DirectorQueries.ReadEvents),
    FlowsCommand.Create(DirectorQueries.ReadFlows),
    CaptureCommand.Create(DirectorQueries.StartCapture),
    PreflightCommand.Create(InterfaceCapabilitiesReader.Read),
    PlanCommand.Create(DirectorQueries.Plan),
    ReplayCommand.Create(static flows => new XdpReplay(flows)),
    TraceCommand.Create(DirectorQueries.Trace),
};
return CommandLine.Run(root, args);

static DirectorClient Connect(NodeSettings director) =>
    DirectorClient.OnThisMachine(DirectorFiles.SocketPath(director));
