using Sidestep.Api;
using Sidestep.Hosting.Supervision;

namespace Sidestep.Agent.Running;

/// <summary>Gets specs from directors, and sends them reports. The spec comes from the first director that responds;
/// every director gets reports.</summary>
internal sealed class DirectorLink : IDisposable
{
    private const string NoContactYet = "no director has responded yet", SpecKey = "spec";
    private const int MaxReportDelayMilliseconds = 60_000;

    /// <summary>Many agents lose a director at the same moment, and return at different ones.</summary>
    private const double RetryJitter = 0.25;

    private static readonly TimeSpan FirstRetry = TimeSpan.FromSeconds(1), LongestRetry = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan StopTimeout = TimeSpan.FromSeconds(5);
    private readonly Directors _directors;
    private readonly SharedState _shared;
    private readonly Supervisor _supervisor;
    private readonly TimeProvider _time;
    private readonly ILogger _log;
    private readonly OngoingErrors _errors = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly CancellationToken _stopping;
    private readonly List<Task> _tasks = [];
    private readonly Lock _gate = new();
    private TaskCompletionSource _reportSignal = NewSignal();

    /// <param name="directors">The directors. The link disposes them.</param>
    /// <param name="shared">Gets specs, and has the reports.</param>
    /// <param name="supervisor">Runs the loops.</param>
    /// <param name="time">The clock.</param>
    /// <param name="log">Receives lost and restored contact.</param>
    public DirectorLink(Directors directors, SharedState shared, Supervisor supervisor, TimeProvider time, ILogger log)
    {
        _directors = directors;
        _shared = shared;
        _supervisor = supervisor;
        _time = time;
        _log = log;
        _stopping = _stop.Token;
    }

    public void Start()
    {
        _shared.ContactError = NoContactYet;
        _shared.Reported += NoteReport;
        Run("requests for the spec", FollowSpecAsync);
        foreach (var (url, api) in _directors.Apis)
            Run($"reports to {url}", () => SendReportsAsync(url, api));
    }

    /// <summary>Sends an admin state to every director at once. One that does not get it sees it in the next
    /// report.</summary>
    public void Drain(string adminState)
    {
        foreach (var (url, api) in _directors.Apis)
        {
            _ = Task.Run(() => _supervisor.TryAsync($"admin state for {url}", _ => DrainAsync(url, api, adminState),
                _stopping));
        }
    }

    public void Dispose()
    {
        _shared.Reported -= NoteReport;
        _stop.Cancel();
        Task.WaitAll([.. _tasks], StopTimeout);
        foreach (var (_, api) in _directors.Apis)
            api.Dispose();
        _stop.Dispose();
    }

    private void Run(string name, Func<Task> loop) =>
        _tasks.Add(Task.Run(() => _supervisor.RunAsync(name, _ => loop(), _stopping)));

    private void NoteReport(AgentReport report)
    {
        lock (_gate)
            _reportSignal.TrySetResult();
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private async Task DrainAsync(string url, IDirectorApi api, string adminState)
    {
        try
        {
            await api.DrainAsync(_directors.Server, new DrainRequest(adminState), _stopping).ConfigureAwait(false);
        }
        catch (DirectorException e)
        {
            if (_errors.IsNew("drain " + url, e.Message))
                _log.AdminStateNotSent(e.Message);
        }
        catch (OperationCanceledException)
        {
            // The agent is stopping. The first report of the next agent contains the stored admin state.
        }
    }

    private async Task FollowSpecAsync()
    {
        var index = 0;
        long? after = null;
        var retry = new Backoff(FirstRetry, LongestRetry, RetryJitter);
        while (!_stopping.IsCancellationRequested)
        {
            var (url, api) = _directors.Apis[index];
            try
            {
                var spec = await api.GetSpecAsync(_directors.Server, after, _stopping).ConfigureAwait(false);
                NoteContact(url);
                retry.Reset();
                if (spec is null)
                {
                    // Either the longest poll has passed, or the director needs a report now.
                    _shared.ReportWithin(TimeSpan.Zero);
                    continue;
                }
                after = spec.Revision;
                _shared.SetSpec(spec);
            }
            catch (DirectorException e)
            {
                after = null;
                NoteFailure(e);
                index = (index + 1) % _directors.Apis.Count;
                if (!await WaitAsync(retry.Next()).ConfigureAwait(false))
                    return;
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    private void NoteContact(string url)
    {
        if (_shared.ContactError.Length == 0)
            return;
        _log.DirectorResponds(url);
        _shared.ContactError = "";
        _errors.End(SpecKey);
    }

    /// <summary>The first failure after a contact stays in the report, with its time.</summary>
    private void NoteFailure(DirectorException e)
    {
        if (_errors.IsNew(SpecKey, e.Message))
            _log.DirectorLost(e.Message);
        if (_shared.ContactError is "" or NoContactYet)
            _shared.ContactError = $"{e.Message} (since {_time.GetUtcNow():u})";
    }

    private async Task SendReportsAsync(string url, IDirectorApi api)
    {
        var retry = new Backoff(FirstRetry, LongestRetry, RetryJitter);
        var epochs = new ReportEpochs();
        while (!_stopping.IsCancellationRequested)
        {
            try
            {
                await WaitForReportAsync().ConfigureAwait(false);
                if (_shared.LastReport is not { } report)
                    continue;
                report = report with { WallClock = _time.GetUtcNow(), ReportEpoch = epochs.For(report.Sequence) };
                var response = await api.ReportAsync(_directors.Server, report, _stopping).ConfigureAwait(false);
                epochs.Received(response.ReportEpoch, _shared.StartedSequence);
                if (response.NextReportMilliseconds is { } delay)
                {
                    _shared.ReportWithin(
                        TimeSpan.FromMilliseconds(Math.Clamp(delay, 0, MaxReportDelayMilliseconds)));
                }
                retry.Reset();
                _errors.End("report " + url);
            }
            catch (DirectorException e)
            {
                if (_errors.IsNew("report " + url, e.Message))
                    _log.ReportRejected(e.Message);
                if (!await WaitAsync(retry.Next()).ConfigureAwait(false))
                    return;
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    private async Task WaitForReportAsync()
    {
        Task signal;
        lock (_gate)
            signal = _reportSignal.Task;
        await signal.WaitAsync(_stopping).ConfigureAwait(false);
        lock (_gate)
        {
            if (_reportSignal.Task.IsCompleted)
                _reportSignal = NewSignal();
        }
    }

    /// <returns>False: the agent is stopping.</returns>
    private async Task<bool> WaitAsync(TimeSpan time)
    {
        try
        {
            await Task.Delay(time, _time, _stopping).ConfigureAwait(false);
            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }
}
