using System.CommandLine;
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
        var config = new Option<string?>("--config", "-c") { Description = "The director's configuration file; only its name and pinPath matter." };
        var name = new Option<string>("--name") { Description = "director.name.", DefaultValueFactory = _ => "director" };
        var pinPath = new Option<string>("--pin-path") { Description = "director.pinPath.", DefaultValueFactory = _ => "/sys/fs/bpf/sidestep" };
        var json = new Option<bool>("--json") { Description = "Print one JSON object on standard output." };
        var command = new Command("status",
            "Show services, real servers, drops and interfaces of the director on this machine, from what is pinned in the kernel. "
            + "Exits with 0 when it forwards, with 1 when there is no such director or it is attached nowhere, with 2 when it cannot be read.")
        {
            config, name, pinPath, json,
        };
        command.SetAction(parsed =>
        {
            var error = parsed.InvocationConfiguration.Error;
            var director = parsed.GetValue(config) is { } file
                ? FromFile(file, error)
                : Identify(parsed.GetValue(name)!, parsed.GetValue(pinPath)!);
            return director is null ? ExitCode.Unusable : Run(director, parsed.GetValue(json), parsed.InvocationConfiguration.Output, error);
        });
        return command;
    }

    private static int Run(DirectorSettings director, bool json, TextWriter output, TextWriter error)
    {
        try
        {
            if (DirectorStatus.Read(director.PinPath, director.Name) is not { } status)
            {
                error.WriteLine($"error: no director '{director.Name}' is pinned under {director.PinPath}. Start sidestepd, or name another with --config, --name and --pin-path.");
                return ExitCode.Failed;
            }
            var report = new StatusReport(director, status, DaemonReport.Read(director), DaemonReport.IsRunning(director));
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

    private static DirectorSettings? FromFile(string file, TextWriter error)
    {
        var read = ConfigurationFile.Read(file);
        if (read.Text is null)
        {
            error.WriteLine($"{read.Name}: error: {read.Problem}");
            return null;
        }
        var result = ConfigurationReader.Read(read.Text, null);
        foreach (var issue in result.Errors)
            error.WriteLine(issue.Format(read.Name, "error"));
        if (result.Configuration is null)
            error.WriteLine($"{read.Name}: the running director can still be shown with --name and --pin-path.");
        return result.Configuration?.Director;
    }

    private static DirectorSettings Identify(string name, string pinPath) =>
        new() { Name = name, PinPath = pinPath, Interfaces = [], HashKey = default };
}
