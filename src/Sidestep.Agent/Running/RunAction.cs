using System.Runtime.InteropServices;
using System.Text.Json;
using Sidestep.Agent.Host;
using Sidestep.Agent.Input;
using Sidestep.Agent.State;
using Sidestep.Api;

namespace Sidestep.Agent.Running;

/// <summary>The options of <c>run</c> that <c>apply</c> does not have.</summary>
internal sealed record RunOptions
{
    /// <summary>URLs of the directors' APIs; none: the spec comes from a file.</summary>
    public IReadOnlyList<string> Directors { get; init; } = [];

    public string? CertFile { get; init; }

    public string? KeyFile { get; init; }

    public string? CaFile { get; init; }
}

/// <summary>Runs the agent as a service: reconciles, reports, and follows new specs.</summary>
internal sealed class RunAction(IHostPlatform platform, TextWriter output)
{
    private readonly Lock _gate = new();

    /// <summary>Runs until SIGTERM or SIGINT, or until the token is cancelled. The host keeps its
    /// configuration.</summary>
    /// <exception cref="ProblemsException">The options are invalid; nothing has been changed.</exception>
    public void Run(Request request, RunOptions options, TimeProvider time, CancellationToken cancellation = default)
    {
        var problems = new List<Problem>();
        HostEnvironment.Check(platform.Privileges, changes: true, bpf: true, problems);
        CheckSpecSource(request, options, problems);
        ProblemsException.ThrowIfAny(problems);
        RunningAgent.EnsureNotRunning(request.StateDirectory);
        using var reconciler = new Reconciler(request, platform, time, Log);
        using var link = options.Directors.Count == 0 ? null
            : DirectorLink.Create(options, reconciler, time, Log, problems);
        ProblemsException.ThrowIfAny(problems);
        if (InitialSpec(request) is { } spec)
            reconciler.SetSpec(spec);

        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        void Stop(PosixSignalContext context)
        {
            context.Cancel = true;
            Log($"{context.Signal}: stopping; the host keeps its configuration");
            stop.Cancel();
        }
        using var term = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
        Directory.CreateDirectory(request.StateDirectory);
        using var operatorSocket = new OperatorSocket(StateStore.SocketPath(request.StateDirectory),
            c => HandleCommand(c, reconciler, link is null ? static _ => { } : link.Drain), Log);
        using var watch = request.SpecFile is null ? null
            : new SpecWatch(request.SpecFile, time, reconciler.SetSpec, Log);
        link?.Start();
        reconciler.Run(stop.Token);
    }

    /// <summary>Answers a command of the local operator.</summary>
    /// <param name="command">See <see cref="RunningAgent"/>.</param>
    /// <param name="reconciler">Has the last report, and stores the admin state.</param>
    /// <param name="sendAdminState">Sends an admin state to the directors.</param>
    internal static string HandleCommand(string command, Reconciler reconciler, Action<string> sendAdminState)
    {
        switch (command)
        {
            case RunningAgent.Status:
                return reconciler.LastReport is { } report
                    ? JsonSerializer.Serialize(report, ApiJson.Default.AgentReport) : "{}";
            case RunningAgent.Drain or RunningAgent.Undrain:
                var adminState = command == RunningAgent.Drain ? AdminStates.Draining : AdminStates.Enabled;
                reconciler.SetAdminState(adminState);
                sendAdminState(adminState);
                return adminState;
            default:
                return "unknown";
        }
    }

    private static void CheckSpecSource(Request request, RunOptions options, List<Problem> problems)
    {
        if (request.SpecFile is null != (options.Directors.Count == 0))
            return;
        problems.Add(new Problem("--spec", "", options.Directors.Count == 0
                ? "is missing, and so is --director" : "and --director exclude each other",
            "Name a spec file, or a director's API: --director https://10.0.0.2:7443 --cert-file FILE --key-file FILE "
            + "--ca-file FILE."));
    }

    /// <summary>The spec file; if it cannot be used, or a director has not responded yet, the last applied
    /// spec.</summary>
    /// <exception cref="ProblemsException">The spec file cannot be used, and there is no last spec.</exception>
    private ServerSpec? InitialSpec(Request request)
    {
        var problems = new List<Problem>();
        if (request.SpecFile is { } path && SpecFile.Read(path, problems) is { } spec)
            return spec;
        if (LastSpec.Read(request.StateDirectory, Log) is not { } last)
        {
            ProblemsException.ThrowIfAny(problems);
            return null;
        }
        Log($"continuing with the last spec, revision {last.Spec.Revision}, stored {last.Stored:u}"
            + string.Concat(problems.Select(static p => $"\n{p}")));
        return last.Spec;
    }

    private void Log(string text)
    {
        lock (_gate)
        {
            output.WriteLine(text);
            output.Flush();
        }
    }
}
