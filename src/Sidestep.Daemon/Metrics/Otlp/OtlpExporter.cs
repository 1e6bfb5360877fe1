using Sidestep.Api;
using Sidestep.Api.Status;
using Sidestep.Forwarding;
using Sidestep.Hosting.Supervision;
using Sidestep.Model;

namespace Sidestep.Daemon.Metrics.Otlp;

/// <summary>Exports the metrics at each interval, as the configuration in force says. A failure is reported, and values
/// are not stored: the next export has newer ones.</summary>
/// <param name="settings">Reads the settings in force; null: nothing is exported.</param>
/// <param name="status">Reads the status of the director.</param>
/// <param name="resource">The attributes of the director.</param>
/// <param name="report">Receives the state of the export after every change, and the present problem; null: it is not
/// configured, there is none.</param>
/// <param name="supervisor">Notes unexpected failures.</param>
/// <param name="log">Receives events and problems.</param>
/// <param name="time">The clock.</param>
internal sealed class OtlpExporter(Func<OtlpSettings?> settings, Func<DirectorStatus> status, OtlpResource resource,
    Action<OtlpStatus?, string?> report, Supervisor supervisor, ILogger log, TimeProvider time) : IDisposable
{
    /// <summary>How often settings are checked.</summary>
    private static readonly TimeSpan CheckInterval = TimeSpan.FromMilliseconds(500);

    /// <summary>The first pause after a transient failure, and the longest one that a collector can ask for.</summary>
    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(1), LongestRetryAfter = TimeSpan.FromHours(1);

    private OtlpSettings? _applied;
    private OtlpClient? _client;
    private OtlpStatus? _state;
    private Backoff? _backoff;
    private string? _problem;
    private bool _succeeded;
    private TimeSpan _pause;
    private long? _lastExport;

    /// <summary>Exports until cancelled. An export that has begun then is given up, so that the end is not
    /// delayed.</summary>
    internal async Task RunAsync(CancellationToken cancellation)
    {
        using var timer = new PeriodicTimer(CheckInterval, time);
        try
        {
            while (await timer.WaitForNextTickAsync(cancellation).ConfigureAwait(false))
                await supervisor.TryAsync("export of metrics", UpdateAsync, cancellation).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            // the normal end
        }
    }

    /// <summary>Follows the settings, and exports if it is due now.</summary>
    internal async Task UpdateAsync(CancellationToken cancellation)
    {
        Follow(settings());
        if (_applied is null || (_lastExport is { } last && time.GetElapsedTime(last) < _pause))
            return;
        _lastExport = time.GetTimestamp();
        _pause = _applied.Interval;
        try
        {
            await ExportAsync(_applied, cancellation).ConfigureAwait(false);
            Succeeded();
        }
        catch (OtlpException e)
        {
            Failed(e);
        }
        catch (EngineException e)
        {
            Failed(new OtlpException(e.Message, e) { IsTransient = true });
        }
    }

    public void Dispose() => _client?.Dispose();

    private void Follow(OtlpSettings? desired)
    {
        if (desired == _applied)
            return;
        _client?.Dispose();
        (_client, _applied, _lastExport, _problem, _succeeded) = (null, desired, null, null, false);
        _backoff = desired is null ? null : new Backoff(FirstPause, desired.Interval, jitter: 0.2);
        // Counts continue: a counter that begins again at another time than the daemon would mislead.
        _state = desired is null ? null : new OtlpStatus(desired.Endpoint, _state?.Exports ?? 0,
            _state?.Failures ?? 0, _state?.LastAt);
        report(_state, null);
    }

    private async Task ExportAsync(OtlpSettings applied, CancellationToken cancellation)
    {
        if (_client?.IsOutdated == true)
        {
            _client.Dispose();
            _client = null;
        }
        _client ??= new OtlpClient(applied);
        var metrics = new OtlpMetrics();
        var now = time.GetUtcNow();
        StatusMetrics.Add(metrics, status(), applied.PerServer);
        foreach (var request in metrics.Requests(resource, now))
            await _client.SendAsync(request, cancellation).ConfigureAwait(false);
    }

    private void Succeeded()
    {
        _state = _state! with { Exports = _state.Exports + 1, LastAt = time.GetUtcNow() };
        _backoff!.Reset();
        if (!_succeeded)
            log.MetricsExported(_applied!.Endpoint);
        (_problem, _succeeded) = (null, true);
        report(_state, null);
    }

    private void Failed(OtlpException failure)
    {
        _state = _state! with { Failures = _state.Failures + 1 };
        if (failure.IsTransient && _backoff!.Next() is var pause && pause < _pause)
            _pause = pause;
        if (failure.RetryAfter is { } asked && asked > _pause)
            _pause = asked < LongestRetryAfter ? asked : LongestRetryAfter;
        var problem = $"metrics are not exported to {_applied!.Endpoint}: {failure.Message}";
        // Once until the next success: the status has the newest one.
        if (_problem is null)
            log.MetricsNotExported(problem);
        (_problem, _succeeded) = (problem, false);
        report(_state, problem);
    }
}
