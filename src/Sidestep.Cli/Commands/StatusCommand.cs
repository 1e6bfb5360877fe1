using System.CommandLine;
using Sidestep.Cli.Managed;
using Sidestep.Engine.Xdp;
using Sidestep.Forwarding;
using Sidestep.Model;

namespace Sidestep.Cli.Commands;

/// <summary><c>sidestep status</c>: what a director does right now, with or without its daemon.</summary>
public static class StatusCommand
{
    /// <summary>The command.</summary>
    public static Command Create()
    {
        var json = new Option<bool>("--json") { Description = "Print one JSON object on standard output." };
        var command = new Command("status",
            "Show services, real servers, drops and interfaces of the director on this machine, from what is pinned in the kernel, or from the daemon when it is the engine. "
            + "Exits with 0 when it forwards, with 1 when there is no such director or it is attached nowhere, with 2 when it cannot be read.");
        var which = new DirectorOptions(command);
        command.Add(json);
        command.SetAction(parsed => which.Read(parsed) is { } director
            ? Run(director, parsed.GetValue(json), parsed.InvocationConfiguration.Output, parsed.InvocationConfiguration.Error)
            : ExitCode.Unusable);
        return command;
    }

    private static int Run(DirectorSettings director, bool json, TextWriter output, TextWriter error)
    {
        try
        {
            using var managed = ManagedDirector.Find(director);
            if ((managed is not null ? managed.Status() : PinnedStatus.Read(director.PinPath, director.Name)) is not { } status)
                return DirectorOptions.Missing(director, error);
            var report = new StatusReport(director, status, DaemonReport.Read(director), DaemonReport.IsRunning(director), HealthReport.Read(director), managed is not null ? EngineKind.Managed : EngineKind.Xdp);
            if (json)
                report.WriteJson(output);
            else
                report.WriteText(output);
            return status.IsAttached ? ExitCode.Ok : ExitCode.Failed;
        }
        catch (EngineException e)
        {
            error.WriteLine($"error: {e.Message}");
            return ExitCode.Unusable;
        }
    }
}
