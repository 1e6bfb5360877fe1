using Sidestep.Daemon.Api.Access;
using Sidestep.Hosting.Supervision;
using Sidestep.Model;

namespace Sidestep.Daemon.Api;

/// <summary>Keeps the API running: always on the Unix socket, and on the network as the configuration says. A failure
/// is reported and tried again; it never stops forwarding.</summary>
/// <param name="socketPath">Path of the Unix socket.</param>
/// <param name="endpoints">Handle the requests.</param>
/// <param name="access">The access control.</param>
/// <param name="settings">Reads the settings in force; null: there are none yet.</param>
/// <param name="reportProblems">Receives the present problems after every change; empty: none.</param>
/// <param name="supervisor">Keeps the listeners apart.</param>
/// <param name="log">Receives events and problems.</param>
/// <param name="time">The clock.</param>
internal sealed class ApiServer(string socketPath, ApiEndpoints endpoints, AccessControl access,
    Func<NodeSettings?> settings, Action<IReadOnlyList<string>> reportProblems, Supervisor supervisor, ILogger log,
    TimeProvider time)
{
    /// <summary>How often settings and certificate files are checked.</summary>
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(500);

    private readonly RetriedAction _local = new(time);

    private readonly NetworkListener _agents = new("API", "node.api", "agents cannot reach this director",
        access.Authority.Listener, _ => endpoints.Agents, ListenerLimits.OfAgents,
        log.AgentApiListening, log, time, access.Authority.Prepare);

    private readonly NetworkListener _metrics = new("metrics", "node.metrics.tls",
        "nothing can read metrics over the network",
        () => ListenerSettings.Of(settings()?.Metrics), endpoints.Metrics, ListenerLimits.OfMetrics,
        log.MetricsListening, log, time);

    private readonly NetworkListener _operators = new("management", "node.management.tls",
        "operators on other machines cannot reach this director",
        () => ListenerSettings.Of(settings()?.Management), endpoints.Management, ListenerLimits.OfOperators,
        log.ManagementListening, log, time);

    private ApiListener? _socket;
    private string _reportedProblems = "";

    /// <summary>The addresses that the agent API listens at, as URLs.</summary>
    internal IReadOnlyCollection<string> AgentAddresses => _agents.Addresses;

    /// <summary>The addresses at which metrics are read, as URLs.</summary>
    internal IReadOnlyCollection<string> MetricsAddresses => _metrics.Addresses;

    /// <summary>The addresses at which operators reach the API, as URLs.</summary>
    internal IReadOnlyCollection<string> OperatorAddresses => _operators.Addresses;

    /// <summary>Serves the socket and the network, and follows changes of settings and certificates, until
    /// cancelled.</summary>
    internal async Task RunAsync(CancellationToken cancellation)
    {
        // The caller must not wait: the forwarding tables come first.
        await Task.Yield();
        using var timer = new PeriodicTimer(Interval, time);
        try
        {
            do
                await UpdateAsync(cancellation).ConfigureAwait(false);
            while (await timer.WaitForNextTickAsync(cancellation).ConfigureAwait(false));
        }
        catch (OperationCanceledException)
        {
            // the normal end
        }
        finally
        {
            await CloseAsync().ConfigureAwait(false);
        }
    }

    /// <summary>Opens, reloads and closes what is due now.</summary>
    internal async Task UpdateAsync(CancellationToken cancellation)
    {
        await supervisor.TryAsync("socket of the API", EnsureSocketAsync, cancellation).ConfigureAwait(false);
        await supervisor.TryAsync("API for agents", _agents.UpdateAsync, cancellation).ConfigureAwait(false);
        await supervisor.TryAsync("metrics", _metrics.UpdateAsync, cancellation).ConfigureAwait(false);
        await supervisor.TryAsync("API for operators", _operators.UpdateAsync, cancellation).ConfigureAwait(false);
        supervisor.Try("audit log", access.Flush);
        ReportProblems();
    }

    /// <summary>Closes all connections, and removes the Unix socket.</summary>
    internal async Task CloseAsync()
    {
        await _agents.CloseAsync().ConfigureAwait(false);
        await _metrics.CloseAsync().ConfigureAwait(false);
        await _operators.CloseAsync().ConfigureAwait(false);
        if (_socket is not null)
            await _socket.DisposeAsync().ConfigureAwait(false);
        _socket = null;
        File.Delete(socketPath);
    }

    private async Task EnsureSocketAsync(CancellationToken cancellation)
    {
        if (_socket is not null || !_local.IsDue)
            return;
        await _local.TryAsync($"the command line cannot reach this director ({socketPath})", async () =>
        {
            _socket = await ApiListener.OnSocketAsync(socketPath, endpoints, cancellation)
                .ConfigureAwait(false);
        }).ConfigureAwait(false);
    }

    private void ReportProblems()
    {
        string[] problems =
        [
            .. new[] { _local.Problem }.OfType<string>().Concat(_agents.Problems).Concat(_metrics.Problems)
                .Concat(_operators.Problems).Concat(access.Problems),
        ];
        var text = string.Join('\n', problems);
        if (text == _reportedProblems)
            return;
        _reportedProblems = text;
        foreach (var problem in problems)
            log.ApiProblem(problem);
        reportProblems(problems);
    }
}
