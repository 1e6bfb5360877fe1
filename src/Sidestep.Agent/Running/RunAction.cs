using System.Runtime.InteropServices;
using Sidestep.Agent.Host;
using Sidestep.Agent.Input;
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
        var credentials = options.Directors.Count == 0 ? null : DirectorCredentials.Read(options, problems);
        ProblemsException.ThrowIfAny(problems);
        var log = new AgentLog((_, text) => Write(text));
        var spec = InitialSpec(request, log);

        using var agent = new AgentService(request, credentials?.Connect(), platform, time, log);
        if (spec is not null)
            agent.Shared.SetSpec(spec);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        void Stop(PosixSignalContext context)
        {
            context.Cancel = true;
            log.Write(AgentEvent.Stopping, $"{context.Signal}: stopping; the host keeps its configuration");
            stop.Cancel();
        }
        using var term = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
        agent.Run(stop.Token);
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
    private static ServerSpec? InitialSpec(Request request, AgentLog log)
    {
        var problems = new List<Problem>();
        if (request.SpecFile is { } path && SpecFile.Read(path, problems) is { } spec)
            return spec;
        if (LastSpec.Read(request.StateDirectory, t => log.Write(AgentEvent.LastSpecDamaged, t)) is not { } last)
        {
            ProblemsException.ThrowIfAny(problems);
            return null;
        }
        log.Write(AgentEvent.LastSpecUsed,
            $"continuing with the last spec, revision {last.Spec.Revision}, stored {last.Stored:u}"
            + string.Concat(problems.Select(static p => $"\n{p}")));
        return last.Spec;
    }

    private void Write(string text)
    {
        output.WriteLine(text);
        output.Flush();
    }
}
