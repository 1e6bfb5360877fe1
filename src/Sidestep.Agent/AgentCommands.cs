using System.CommandLine;
using System.Text.Json;
using Sidestep.Agent.Actions;
using Sidestep.Agent.Input;
using Sidestep.Agent.Output;
using Sidestep.Agent.Persistence;
using Sidestep.Agent.Running;
using Sidestep.Api;
using Sidestep.Native;

namespace Sidestep.Agent;

/// <summary>The command line: commands, exit codes, and how errors are told.</summary>
internal static class AgentCommands
{
    /// <summary>Exit codes: all good; something is wrong or failed; the request cannot be carried out as it stands.</summary>
    private const int ExitOk = 0, ExitFailed = 1, ExitUsage = 2;

    public static int Run(string[] args, TextWriter output, TextWriter error)
    {
        var root = new RootCommand("Makes a host fit to be a real server behind a Sidestep director")
        {
            Apply(output, error), Verify(output, error), Remove(output, error), RunCommand(output, error), Status(output, error),
            AdminStateCommand("drain", RunningAgent.Drain, AdminStates.Draining, "Take this server out: it keeps its flows and gets no new ones", output, error),
            AdminStateCommand("undrain", RunningAgent.Undrain, AdminStates.Enabled, "Let this server take new flows again", output, error),
            Render(output, error),
        };
        var parsed = root.Parse(args);
        var code = parsed.Invoke();
        return parsed.Errors.Count > 0 ? ExitUsage : code;
    }

    private static Command Apply(TextWriter output, TextWriter error)
    {
        var command = With(new Command("apply", "Make this host ready as a real server for exactly the VIPs named, once; what an earlier apply set up and this one does not name is taken back"),
            [.. AgentOptions.SpecOptions, AgentOptions.Persist, AgentOptions.StateDirectory, AgentOptions.Root]);
        command.SetAction(p => Execute(error, null, () =>
        {
            UseRoot(p);
            var result = new ApplyAction(output.WriteLine).Run(AgentOptions.RequestOf(p));
            TextReport.Write(result, output);
            return result.IsHealthy ? ExitOk : ExitFailed;
        }));
        return command;
    }

    private static Command Verify(TextWriter output, TextWriter error)
    {
        var command = With(new Command("verify", "Say whether this host is ready as a real server; without options, for what was last applied"),
            [.. AgentOptions.SpecOptions, AgentOptions.StateDirectory, AgentOptions.Root, AgentOptions.Json]);
        command.SetAction(p => Execute(error, p.GetValue(AgentOptions.Json) ? output : null, () =>
        {
            UseRoot(p);
            var result = VerifyAction.Run(AgentOptions.RequestOf(p));
            if (p.GetValue(AgentOptions.Json))
                JsonReport.Write(result, output);
            else
                TextReport.Write(result, output);
            return result.IsHealthy ? ExitOk : ExitFailed;
        }));
        return command;
    }

    private static Command Remove(TextWriter output, TextWriter error)
    {
        var command = With(new Command("remove", "Restore what was there before; with --vip, take back these VIPs only"),
            AgentOptions.Vip, AgentOptions.StateDirectory, AgentOptions.Root);
        command.SetAction(p => Execute(error, null, () =>
        {
            UseRoot(p);
            new RemoveAction(output.WriteLine).Run(AgentOptions.RequestOf(p));
            return ExitOk;
        }));
        return command;
    }

    private static Command RunCommand(TextWriter output, TextWriter error)
    {
        var command = With(new Command("run", "Apply duties, verify them and keep them, until it is told to end; that leaves everything in place"),
            AgentOptions.Spec, AgentOptions.DirectorUrl, AgentOptions.CertFile, AgentOptions.KeyFile, AgentOptions.CaFile, AgentOptions.Interface,
            AgentOptions.ReportOnly, AgentOptions.Persist, AgentOptions.StateDirectory, AgentOptions.Root);
        command.SetAction(p => Execute(error, null, () =>
        {
            UseRoot(p);
            new RunAction(output).Run(AgentOptions.RequestOf(p) with { Reconciles = !p.GetValue(AgentOptions.ReportOnly) }, new RunOptions
            {
                Directors = p.GetValue(AgentOptions.DirectorUrl) ?? [],
                CertFile = p.GetValue(AgentOptions.CertFile),
                KeyFile = p.GetValue(AgentOptions.KeyFile),
                CaFile = p.GetValue(AgentOptions.CaFile),
            });
            return ExitOk;
        }));
        return command;
    }

    private static Command Status(TextWriter output, TextWriter error)
    {
        var command = With(new Command("status", "What the running agent last reported"), AgentOptions.StateDirectory, AgentOptions.Json);
        command.SetAction(p => Execute(error, null, () =>
        {
            var text = RunningAgent.SendCommand(p.GetValue(AgentOptions.StateDirectory)!, RunningAgent.Status)
                ?? throw new AgentException("no agent is running in this network namespace", "Start it: sidestep-agent run. For what 'apply' set up: sidestep-agent verify.");
            if (p.GetValue(AgentOptions.Json))
            {
                output.WriteLine(text);
                return ExitOk;
            }
            if (text == "{}")
            {
                output.WriteLine("The agent is running and has no spec yet.");
                return ExitFailed;
            }
            var report = JsonSerializer.Deserialize(text, ApiJson.Default.AgentReport)!;
            TextReport.Write(report, output);
            return report.IsHealthy ? ExitOk : ExitFailed;
        }));
        return command;
    }

    private static Command AdminStateCommand(string name, string request, string adminState, string description, TextWriter output, TextWriter error)
    {
        var command = With(new Command(name, description), AgentOptions.StateDirectory);
        command.SetAction(p => Execute(error, null, () =>
        {
            var directory = p.GetValue(AgentOptions.StateDirectory)!;
            if (RunningAgent.SendCommand(directory, request) is not null)
            {
                output.WriteLine($"{adminState}; the agent tells the directors that it reports to");
                return ExitOk;
            }
            StoredAdminState.Write(directory, adminState);
            output.WriteLine($"{adminState}; no agent is running, so the directors will be told when one does");
            return ExitOk;
        }));
        return command;
    }

    private static Command Render(TextWriter output, TextWriter error)
    {
        var linux = With(new Command("linux", "Print the files that would make it outlive a restart of the host"),
            [.. AgentOptions.SpecOptions, AgentOptions.NetworkManager, AgentOptions.StateDirectory, AgentOptions.Root]);
        linux.SetAction(p => Execute(error, null, () =>
        {
            UseRoot(p);
            RenderAction.Linux(AgentOptions.RequestOf(p), p.GetValue(AgentOptions.NetworkManager), output);
            return ExitOk;
        }));
        var windows = With(new Command("windows", "Print a PowerShell script that makes a Windows host a real server of layer-2 DSR"),
            AgentOptions.Vip, AgentOptions.Spec, AgentOptions.Adapter);
        windows.SetAction(p => Execute(error, null, () =>
        {
            RenderAction.Windows(AgentOptions.RequestOf(p), p.GetValue(AgentOptions.Adapter), output);
            return ExitOk;
        }));
        return new Command("render", "Print files instead of changing anything") { linux, windows };
    }

    private static Command With(Command command, params Option[] options)
    {
        foreach (var option in options)
            command.Options.Add(option);
        return command;
    }

    private static void UseRoot(ParseResult parsed) => HostFiles.Machine = new HostFiles(parsed.GetValue(AgentOptions.Root)!);

    private static int Execute(TextWriter error, TextWriter? json, Func<int> action)
    {
        try
        {
            return action();
        }
        catch (ProblemsException e)
        {
            if (json is not null)
                JsonReport.Write(e.Problems, json);
            foreach (var problem in e.Problems)
                error.WriteLine(problem);
            return ExitUsage;
        }
        catch (AgentException e)
        {
            return Failed(e.Message, e.Remedy);
        }
        // The rest is the kernel's answer, or an interface that vanished while it was looked at.
        catch (Exception e) when (e is NativeException or IOException or UnauthorizedAccessException or DllNotFoundException)
        {
            return Failed(e.Message, "If something was changed up to here, it is noted: 'sidestep-agent remove' restores it, 'sidestep-agent apply' tries again.");
        }

        int Failed(string message, string remedy)
        {
            if (json is not null)
                JsonReport.Write([new Problem("failed", "", message, remedy)], json);
            error.WriteLine($"error: {message}\n       {remedy}");
            return ExitFailed;
        }
    }
}
