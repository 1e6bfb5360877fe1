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

    public string? Certificate { get; init; }

    public string? Key { get; init; }

    public string? Authority { get; init; }
}

/// <summary>The agent as a service.</summary>
internal sealed class RunAction(TextWriter output)
{
    private readonly Lock _gate = new();

    /// <returns>When it was told to end.</returns>
    public void Run(Request request, RunOptions options)
    {
        var problems = new List<Problem>();
        Surroundings.Check(changes: true, bpf: true, problems);
        if (request.DutiesFile is null == (options.Directors.Count == 0))
        {
            problems.Add(new Problem("--duties", "", options.Directors.Count == 0 ? "is missing, and so is --director" : "and --director contradict each other",
                "Name a file of duties, or the director's API: --director https://10.0.0.2:7443 --certificate FILE --key FILE --authority FILE."));
        }
        if (problems.Count > 0)
            throw new ProblemsException(problems);
        RunningAgent.MustNotBe(request.StateDirectory);
        using var keeper = new Keeper(request, TimeProvider.System, Say);
        using var link = options.Directors.Count == 0 ? null : DirectorLink.Make(options, keeper, Say, problems);
        var last = LastDuties.Read(request.StateDirectory, Say);
        var first = request.DutiesFile is { } path ? DutiesFile.Read(path, problems) : null;
        if (problems.Count > 0 && (last is null || link is not null || options.Directors.Count > 0))
            throw new ProblemsException(problems);
        if (first is null && last is { } stored)
        {
            Say($"goes on with the last duties, of revision {stored.Duties.Revision}, stored {stored.Stored:u}" + (problems.Count > 0 ? $"\n{string.Join('\n', problems)}" : ""));
            keeper.Want(stored.Duties);
        }
        else if (first is not null)
            keeper.Want(first);

        using var stop = new CancellationTokenSource();
        void End(PosixSignalContext context)
        {
            context.Cancel = true;
            Say($"{context.Signal}: ends; everything stays as it is");
            stop.Cancel();
        }
        using var term = PosixSignalRegistration.Create(PosixSignal.SIGTERM, End);
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, End);
        Directory.CreateDirectory(request.StateDirectory);
        using var operatorSocket = new OperatorSocket(StateStore.SocketPath(request.StateDirectory), w => Answer(w, keeper, link), Say);
        using var watch = request.DutiesFile is null ? null : new DutiesWatch(request.DutiesFile, keeper.Want, Say);
        link?.Start();
        keeper.Run(stop.Token);
    }

    private static string Answer(string word, Keeper keeper, DirectorLink? link)
    {
        switch (word)
        {
            case RunningAgent.Status:
                return keeper.LastReport is { } report ? JsonSerializer.Serialize(report, ApiJson.Default.AgentReport) : "{}";
            case RunningAgent.Drain or RunningAgent.Undrain:
                var wish = word == RunningAgent.Drain ? OperatorWish.Draining : OperatorWish.Enabled;
                keeper.SetOperatorWish(wish);
                link?.Drain(wish);
                return wish;
            default:
                return "unknown";
        }
    }

    private void Say(string text)
    {
        lock (_gate)
        {
            output.WriteLine(text);
            output.Flush();
        }
    }
}
