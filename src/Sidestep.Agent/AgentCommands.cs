using System.CommandLine;
using System.Text.Json;
using Sidestep.Agent.Actions;
using Sidestep.Agent.Enrolment;
using Sidestep.Agent.Host;
using Sidestep.Agent.Input;
using Sidestep.Agent.Output;
using Sidestep.Agent.Running;
using Sidestep.Api;
using Sidestep.Hosting;
using Sidestep.Hosting.Logging;
using Sidestep.Native;

namespace Sidestep.Agent;

/// <summary>The command line: commands, exit codes, and how errors are printed.</summary>
internal sealed class AgentCommands
{
    /// <summary>Exit codes: success; a condition or an action failed; the request is invalid and nothing was
    /// changed.</summary>
    public const int ExitOk = 0, ExitFailed = 1, ExitUsage = 2;

    private readonly IHostPlatform _platform;
    private readonly TextWriter _output, _error;

    private AgentCommands(IHostPlatform platform, TextWriter output, TextWriter error)
    {
        _platform = platform;
        _output = output;
        _error = error;
    }

    /// <summary>The command <c>sidestep-agent</c> with all its commands.</summary>
    /// <param name="platform">The host.</param>
    /// <param name="output">Receives results.</param>
    /// <param name="error">Receives errors.</param>
    public static RootCommand Create(IHostPlatform platform, TextWriter output, TextWriter error)
    {
        var commands = new AgentCommands(platform, output, error);
        return new RootCommand("Configures a host as a real server behind a Sidestep director")
        {
            commands.Apply(), commands.Verify(), commands.Remove(), commands.RunCommand(), commands.Status(),
            commands.AdminState("drain", RunningAgent.Drain, AdminStates.Draining,
                "Stop new flows to this server; it keeps the flows that it has"),
            commands.AdminState("undrain", RunningAgent.Undrain, AdminStates.Enabled,
                "Allow new flows to this server again"),
            commands.Join(), commands.Render(),
        };
    }

    /// <param name="args">The arguments.</param>
    /// <param name="platform">The host.</param>
    /// <param name="output">Receives results.</param>
    /// <param name="error">Receives errors.</param>
    /// <returns>The exit code.</returns>
    public static int Run(string[] args, IHostPlatform platform, TextWriter output, TextWriter error)
    {
        var parsed = Create(platform, output, error).Parse(args);
        var code = parsed.Invoke(new InvocationConfiguration { Output = output, Error = error });
        return parsed.Errors.Count > 0 ? ExitUsage : code;
    }

    private Command Apply()
    {
        var command = With(new Command("apply",
            "Configure this host once, as a real server for exactly the named VIPs; "
            + "whatever an earlier apply configured and this one does not name is reverted"),
            [.. AgentOptions.SpecOptions, AgentOptions.Persist, AgentOptions.StateDirectory, AgentOptions.Root]);
        command.SetAction(p => Execute(null, () =>
        {
            var result = new ApplyAction(_platform, _output.WriteLine).Run(AgentOptions.RequestOf(p));
            TextReport.Write(result, _output);
            return result.IsHealthy ? ExitOk : ExitFailed;
        }));
        return command;
    }

    private Command Verify()
    {
        var command = With(new Command("verify",
            "Check whether this host is ready as a real server; without options, for the last apply"),
            [.. AgentOptions.SpecOptions, AgentOptions.StateDirectory, AgentOptions.Root, AgentOptions.Json]);
        command.SetAction(p => Execute(p.GetValue(AgentOptions.Json) ? _output : null, () =>
        {
            var result = VerifyAction.Run(_platform, AgentOptions.RequestOf(p));
            if (p.GetValue(AgentOptions.Json))
                JsonReport.Write(result, _output);
            else
                TextReport.Write(result, _output);
            return result.IsHealthy ? ExitOk : ExitFailed;
        }));
        return command;
    }

    private Command Remove()
    {
        var command = With(
            new Command("remove", "Restore the previous state of this host; with --vip, remove only these VIPs"),
            AgentOptions.Vip, AgentOptions.StateDirectory, AgentOptions.Root);
        command.SetAction(p => Execute(null, () =>
        {
            new RemoveAction(_platform, _output.WriteLine).Run(AgentOptions.RequestOf(p));
            return ExitOk;
        }));
        return command;
    }

    private Command RunCommand()
    {
        var command = With(new Command("run",
            "Apply specs, verify them, and repair what other programs change, until SIGTERM; "
            + "stopping leaves everything configured"),
            AgentOptions.Spec, AgentOptions.DirectorUrl, AgentOptions.CertFile, AgentOptions.KeyFile,
            AgentOptions.CaFile, AgentOptions.Interface, AgentOptions.ReportOnly, AgentOptions.Persist,
            AgentOptions.StateDirectory, AgentOptions.Root);
        command.SetAction(p => Execute(null, () =>
        {
            // Before everything else: a signal during the start takes effect after it, and does not kill the process.
            using var signals = new ProcessSignals();
            using var log = ServiceLog.OnStandardError(TimeProvider.System);
            new RunAction(_platform, log, signals).Run(AgentOptions.RequestOf(p), new RunOptions
            {
                Directors = p.GetValue(AgentOptions.DirectorUrl) ?? [],
                CertFile = p.GetValue(AgentOptions.CertFile),
                KeyFile = p.GetValue(AgentOptions.KeyFile),
                CaFile = p.GetValue(AgentOptions.CaFile),
            }, TimeProvider.System);
            return ExitOk;
        }));
        return command;
    }

    private Command Join()
    {
        var url = new Argument<string>("URL") { Description = "The director's API, such as https://10.0.0.2:7443" };
        var noStart = new Option<bool>("--no-start") { Description = "Do not start the agent's systemd unit" };
        var command = With(new Command("join",
            "Get a certificate from a director that has invited this host (sidestep agent invite), and start the "
                + "agent; the token comes on standard input"),
            AgentOptions.StateDirectory, noStart);
        command.Add(url);
        command.SetAction(p => Execute(null, () =>
        {
            new JoinAction(_output.WriteLine).Run(p.GetRequiredValue(url), Console.In.ReadLine()?.Trim() ?? "",
                p.GetValue(AgentOptions.StateDirectory)!, !p.GetValue(noStart));
            return ExitOk;
        }));
        return command;
    }

    private Command Status()
    {
        var command = With(new Command("status", "Print the last report of the running agent"),
            AgentOptions.StateDirectory, AgentOptions.Json);
        command.SetAction(p => Execute(null, () =>
        {
            var text = RunningAgent.SendCommand(p.GetValue(AgentOptions.StateDirectory)!, RunningAgent.Status)
                ?? throw new AgentException("no agent is running in this network namespace",
                    "Start it: sidestep-agent run. To check what 'apply' configured: sidestep-agent verify.");
            if (p.GetValue(AgentOptions.Json))
            {
                _output.WriteLine(text);
                return ExitOk;
            }
            if (text == "{}")
            {
                _output.WriteLine("The agent is running and has no spec yet.");
                return ExitFailed;
            }
            var report = JsonSerializer.Deserialize(text, ApiJson.Default.AgentReport)!;
            TextReport.Write(report, _output);
            return report.IsHealthy ? ExitOk : ExitFailed;
        }));
        return command;
    }

    private Command AdminState(string name, string request, string adminState, string description)
    {
        var command = With(new Command(name, description), AgentOptions.StateDirectory);
        command.SetAction(p => Execute(null, () =>
        {
            var directory = p.GetValue(AgentOptions.StateDirectory)!;
            if (RunningAgent.SendCommand(directory, request) is not null)
            {
                _output.WriteLine($"{adminState}; the agent notifies its directors");
                return ExitOk;
            }
            StoredAdminState.Write(directory, adminState);
            _output.WriteLine($"{adminState}; no agent is running, so the directors are notified when one starts");
            return ExitOk;
        }));
        return command;
    }

    private Command Render()
    {
        var linux = With(
            new Command("linux", "Print the files that restore sysctls and VIPs when a Linux host starts"),
            [.. AgentOptions.SpecOptions, AgentOptions.NetworkManager, AgentOptions.StateDirectory, AgentOptions.Root]);
        linux.SetAction(p => Execute(null, () =>
        {
            RenderAction.Linux(_platform, AgentOptions.RequestOf(p), p.GetValue(AgentOptions.NetworkManager), _output);
            return ExitOk;
        }));
        var windows = With(
            new Command("windows", "Print a PowerShell script that makes a Windows host a real server of layer-2 DSR"),
            AgentOptions.Vip, AgentOptions.Spec, AgentOptions.Adapter);
        windows.SetAction(p => Execute(null, () =>
        {
            RenderAction.Windows(AgentOptions.RequestOf(p), p.GetValue(AgentOptions.Adapter), _output);
            return ExitOk;
        }));
        return new Command("render", "Print files and change nothing") { linux, windows };
    }

    private static Command With(Command command, params Option[] options)
    {
        foreach (var option in options)
            command.Options.Add(option);
        return command;
    }

    /// <summary>Runs an action, and prints its errors.</summary>
    /// <param name="json">Receives errors as JSON also; null: the output is text.</param>
    /// <param name="action">Returns the exit code.</param>
    private int Execute(TextWriter? json, Func<int> action)
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
                _error.WriteLine(problem);
            return ExitUsage;
        }
        catch (AgentException e)
        {
            return Failed(e.Message, e.Remedy, json);
        }
        // The kernel rejected a change, or an interface vanished meanwhile.
        catch (Exception e) when (
            e is NativeException or IOException or UnauthorizedAccessException or DllNotFoundException)
        {
            return Failed(e.Message, "Changes up to this point are recorded: 'sidestep-agent remove' reverts them, "
                + "'sidestep-agent apply' tries again.", json);
        }
    }

    private int Failed(string message, string remedy, TextWriter? json)
    {
        if (json is not null)
            JsonReport.Write([new Problem("failed", "", message, remedy)], json);
        _error.WriteLine($"error: {message}\n       {remedy}");
        return ExitFailed;
    }
}
