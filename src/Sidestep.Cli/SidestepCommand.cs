using System.CommandLine;
using Sidestep.Cli.Commands;
using Sidestep.Cli.Contexts;
using Sidestep.Engine.Managed.Drivers;
using Sidestep.Engine.Xdp.Replay;

namespace Sidestep.Cli;

/// <summary>The command <c>sidestep</c> with all its commands.</summary>
internal static class SidestepCommand
{
    internal static RootCommand Create()
    {
        var root = new RootCommand("Sidestep: direct server return load balancing.")
        {
            ConfigCommand.Create(),
            GetCommand.Create(DirectorConnection.Open),
            DescribeCommand.Create(DirectorConnection.Open),
            EditCommand.Create(DirectorConnection.Open),
            ApplyCommand.Create(DirectorConnection.Open),
            DiffCommand.Create(DirectorConnection.Open),
            DeleteCommand.Create(DirectorConnection.Open),
            HistoryCommand.Create(DirectorConnection.Open),
            RollbackCommand.Create(DirectorConnection.Open),
            LoginCommand.Create(ContextFile.OfUser(), DirectorConnection.Open),
            LogoutCommand.Create(ContextFile.OfUser(), DirectorConnection.Open),
            ContextCommand.Create(ContextFile.OfUser()),
            UserCommand.Create(DirectorConnection.Open),
            TokenCommand.Create(DirectorConnection.Open),
            AgentCommand.Create(DirectorConnection.Open),
            AuditCommand.Create(),
            CompletionCommand.Create(),
            StatusCommand.Create(DirectorQueries.ReadStatus),
            TopCommand.Create(DirectorQueries.ReadStatus),
            DoctorCommand.Create(DirectorConnection.Open),
            EventsCommand.Create(DirectorQueries.ReadEvents),
            FlowsCommand.Create(DirectorQueries.ReadFlows),
            CaptureCommand.Create(DirectorQueries.StartCapture),
            PreflightCommand.Create(InterfaceCapabilitiesReader.Read),
            PlanCommand.Create(DirectorQueries.Plan),
            ReplayCommand.Create(static flows => new XdpReplay(flows)),
            TraceCommand.Create(DirectorQueries.Trace),
        };
        foreach (var command in OverrideCommands.Create(DirectorConnection.Open))
            root.Add(command);
        return root;
    }
}
