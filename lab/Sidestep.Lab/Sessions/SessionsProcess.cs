using System.Globalization;
using Sidestep.Lab.Processes;
using Sidestep.Lab.Topologies;
using Sidestep.Lab.Traffic;

namespace Sidestep.Lab.Sessions;

/// <summary>The lab's end of the process that holds the sessions.</summary>
internal sealed class SessionsProcess : IDisposable
{
    private const int MaxFailures = 10;
    private static readonly TimeSpan EndTimeout = ScaledTimeout.Seconds(30);
    private const double ResponseSeconds = 8;

    // TCP doubles its retransmission timeout: a response may come as long after an outage as the outage took.
    private const double ResponseSecondsAfterOutage = 20;

    private readonly PipedProcess _process;
    private readonly int _count;
    private readonly Lock _lock = new();
    private readonly List<string> _failures = [], _shortFailures = [];
    private SessionsState _state = SessionsState.Empty;

    private SessionsProcess(LabRun run, string name, SessionTraffic plan)
    {
        _count = plan.Count;
        var topology = run.Topology;
        string[] command =
        [
            LabPaths.Lab, "sessions", "--count", Text(plan.Count), "--period", Text(plan.Period),
            "--quiet-count", Text(plan.QuietCount), "--quiet-period", Text(plan.QuietPeriod), "--short-rate",
                Text(plan.ShortRate),
            "--response-timeout",
                Text(ScaledTimeout.Seconds(topology.EngineOverride is { DaemonForwards: true }
                ? ResponseSecondsAfterOutage : ResponseSeconds).TotalSeconds),
            .. plan.To.SelectMany(s => (string[])["--service", s]),
            .. AssignmentProbe.Sources(topology).SelectMany(s => (string[])["--source", s]),
        ];
        _process = PipedProcess.Start(run, topology.Clients.Node, name, command, OnLine);
    }

    public SessionsState State
    {
        get
        {
            lock (_lock)
                return _state;
        }
    }

    /// <summary>Descriptions of the first failures of long sessions.</summary>
    public IReadOnlyList<string> Failures => Copy(_failures);

    /// <summary>Descriptions of the first failures of short sessions.</summary>
    public IReadOnlyList<string> ShortFailures => Copy(_shortFailures);

    public static SessionsProcess Start(LabRun run, string name, SessionTraffic plan) => new(run, name, plan);

    /// <summary>Waits until every session has received its first response or has failed.</summary>
    public Task OpenedAsync(TimeSpan timeout, CancellationToken cancel) => Wait.UntilAsync(
        () => _process.Ended.IsCompleted || State.Opened + State.Broken >= _count,
        timeout,
        () => $"Of {_count} sessions only {State.Opened} could be opened; {State.Broken} failed: "
            + $"{string.Join("; ", Failures)}",
        cancel);

    public Task BeginShortAsync(string service) => _process.SendLineAsync($"begin-short {service}");

    public async Task EndShortAsync(string service, CancellationToken cancel)
    {
        var ended = State.ShortEnded.GetValueOrDefault(service);
        await _process.SendLineAsync($"end-short {service}");
        await Wait.UntilAsync(() =>
            State.ShortEnded.GetValueOrDefault(service) > ended, EndTimeout, () =>
            $"short sessions to {service} do not end", cancel);
    }

    /// <summary>Every session sends a last request and closes.</summary>
    public async Task<SessionsState> StopAsync(TimeSpan timeout, CancellationToken cancel)
    {
        await _process.SendLineAsync("stop");
        await _process.Ended.WaitAsync(timeout, cancel);
        return State;
    }

    public void Dispose() => _process.Dispose();

    private void OnLine(string text)
    {
        var line = SessionsMessage.Parse(text);
        lock (_lock)
        {
            if (line.State is not null)
                _state = line.State;
            var failures = line.IsShort ? _shortFailures : _failures;
            if (line.Failure is not null && failures.Count < MaxFailures)
                failures.Add(line.Failure.ToString());
        }
    }

    private IReadOnlyList<string> Copy(List<string> list)
    {
        lock (_lock)
            return [.. list];
    }

    private static string Text(IFormattable value) => value.ToString(null, CultureInfo.InvariantCulture);
}
