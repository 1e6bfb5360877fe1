using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Sidestep.Agent.Host;
using Sidestep.Agent.Input;
using Sidestep.Hosting;
using Sidestep.Hosting.Logging;
using Sidestep.Hosting.Supervision;

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

/// <summary>Runs the agent as a service, in a generic host: reconciles, reports, and follows new specs.</summary>
/// <param name="platform">The host on which it runs.</param>
/// <param name="log">The log.</param>
/// <param name="signals">Stop and reload.</param>
internal sealed class RunAction(IHostPlatform platform, ServiceLog log, ProcessSignals signals)
{
    private readonly ILogger _log = log.Factory.CreateLogger("Sidestep.Agent");

    /// <summary>Runs until a signal stops it. The host keeps its configuration.</summary>
    /// <exception cref="ProblemsException">The options are invalid, with every reason; nothing has been
    /// changed.</exception>
    public void Run(Request request, RunOptions options, TimeProvider time)
    {
        // Before the files are read: a file that changes during the start is read again.
        var reloads = new ReloadRequests();
        signals.ReloadRequested += reloads.Request;
        var problems = new List<Problem>();
        HostEnvironment.Check(platform.Privileges, changes: true, bpf: true, problems);
        bool namesDirectors = options.Directors.Count > 0;
        if (namesDirectors)
            CheckSpecSource(request, options, hasDirectors: true, problems);
        int before = problems.Count;
        var directors = request.SpecFile is not null && !namesDirectors ? null
            : DirectorSource.Connect(request, options, problems, time, _log);
        // A damaged file of a director that was joined is the only error then.
        if (!namesDirectors && problems.Count == before)
            CheckSpecSource(request, options, directors is not null, problems);
        var first = FirstSpec.Read(request, problems, _log);
        ProblemsException.ThrowIfAny(problems);
        RunningAgent.EnsureNotRunning(request.StateDirectory);
        first.Log(_log);

        using var agent = new AgentService(request, directors, platform, time, _log);
        if (first.Spec is { } spec)
            agent.Shared.SetSpec(spec);
        // Before the host exists: its code is compiled at run time, and the VIPs need not wait for that.
        if (!signals.StopRequested.IsCancellationRequested)
            agent.Start();
        using var stopping = signals.StopRequested.Register(() => _log.Stopping(signals.StopSignal!));
        using var host = BuildHost(agent, reloads, new AgentReload(agent, request, options, time, _log));
        host.RunToEndAsync(signals.StopRequested).GetAwaiter().GetResult();
    }

    private IHost BuildHost(AgentService agent, ReloadRequests reloads, AgentReload reload)
    {
        var builder = ServiceHost.CreateBuilder(log, signals);
        var services = builder.Services;
        services.AddSingleton(agent.Shared);
        services.AddSingleton<ServiceStatus>();
        services.AddTask(agent.Supervisor, "event loop", (_, cancellation) =>
            SupervisedThread.OnThread("event loop", agent.Loop.Run, cancellation));
        services.AddTask(agent.Supervisor, "reload", (provider, cancellation) =>
        {
            var status = provider.GetRequiredService<ServiceStatus>();
            status.Ready();
            return reloads.RunAsync(() =>
            {
                status.Reloading();
                reload.Run();
                status.Ready();
            }, cancellation);
        });
        services.AddWatchdog(new TurnProgress(agent.Loop).HasTurned);
        return builder.Build();
    }

    private static void CheckSpecSource(Request request, RunOptions options, bool hasDirectors, List<Problem> problems)
    {
        if (request.SpecFile is null == hasDirectors)
            return;
        problems.Add(new Problem("--spec", "", options.Directors.Count == 0
                ? "is missing, and so is --director, and this host has joined no director"
                : "and --director exclude each other",
            "Name a spec file, or a director's API: --director https://10.0.0.2:7443 --cert-file FILE --key-file FILE "
            + "--ca-file FILE. Or join a director: sidestep agent invite prints the command."));
    }
}
