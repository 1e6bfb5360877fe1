using System.Runtime.InteropServices;
using System.Text.Json;
using Sidestep.Agent.Input;
using Sidestep.Agent.State;
using Sidestep.Api;

namespace Sidestep.Agent.Running;

/// <summary>What <c>run</c> was started with, beside what it has in common with <c>apply</c>.</summary>
internal sealed record RunOptions
{
    /// <summary>URLs of directors' APIs; none: a file says the duties.</summary>
    public IReadOnlyList<string> Directors { get; init; } = [];

    public string? CertFile { get; init; }

    public string? KeyFile { get; init; }

    public string? CaFile { get; init; }
}

/// <summary>The agent as a service.</summary>
internal sealed class RunAction(TextWriter output)
{
    private readonly Lock _gate = new();

    /// <returns>When it was told to end.</returns>
    public void Run(Request request, RunOptions options)
    {
        var problems = new List<Problem>();
        HostEnvironment.Check(changes: true, bpf: true, problems);
        if (request.SpecFile is null == (options.Directors.Count == 0))
        {
            problems.Add(new Problem("--spec", "", options.Directors.Count == 0 ? "is missing, and so is --director" : "and --director contradict each other",
                "Name a file of duties, or the director's API: --director https://10.0.0.2:7443 --cert-file FILE --key-file FILE --ca-file FILE."));
        }
        if (problems.Count > 0)
            throw new ProblemsException(problems);
        RunningAgent.EnsureNotRunning(request.StateDirectory);
        using var reconciler = new Reconciler(request, TimeProvider.System, Log);
        using var link = options.Directors.Count == 0 ? null : DirectorLink.Create(options, reconciler, Log, problems);
        var lastSpec = LastSpec.Read(request.StateDirectory, Log);
        var firstSpec = request.SpecFile is { } path ? SpecFile.Read(path, problems) : null;
        if (problems.Count > 0 && (lastSpec is null || link is not null || options.Directors.Count > 0))
            throw new ProblemsException(problems);
        if (firstSpec is null && lastSpec is { } stored)
        {
            Log($"continuing with the last spec, revision {stored.Spec.Revision}, stored {stored.Stored:u}" + (problems.Count > 0 ? $"\n{string.Join('\n', problems)}" : ""));
            reconciler.SetSpec(stored.Spec);
        }
        else if (firstSpec is not null)
            reconciler.SetSpec(firstSpec);

        using var stop = new CancellationTokenSource();
        void End(PosixSignalContext context)
        {
            context.Cancel = true;
            Log($"{context.Signal}: ends; everything stays as it is");
            stop.Cancel();
        }
        using var term = PosixSignalRegistration.Create(PosixSignal.SIGTERM, End);
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, End);
        Directory.CreateDirectory(request.StateDirectory);
        using var operatorSocket = new OperatorSocket(StateStore.SocketPath(request.StateDirectory), w => HandleCommand(w, reconciler, link), Log);
        using var watch = request.SpecFile is null ? null : new SpecWatch(request.SpecFile, reconciler.SetSpec, Log);
        link?.Start();
        reconciler.Run(stop.Token);
    }

    private static string HandleCommand(string command, Reconciler reconciler, DirectorLink? link)
    {
        switch (command)
        {
            case RunningAgent.Status:
                return reconciler.LastReport is { } report ? JsonSerializer.Serialize(report, ApiJson.Default.AgentReport) : "{}";
            case RunningAgent.Drain or RunningAgent.Undrain:
                var adminState = command == RunningAgent.Drain ? AdminStates.Draining : AdminStates.Enabled;
                reconciler.SetAdminState(adminState);
                link?.Drain(adminState);
                return adminState;
            default:
                return "unknown";
        }
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
