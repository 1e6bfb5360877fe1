using Sidestep.Hosting.Supervision;
using Sidestep.Model;

namespace Sidestep.Daemon.Api;

/// <summary>Keeps the API running: always on the Unix socket, and on the network as the configuration says. A failure
/// is reported and tried again; it never stops forwarding.</summary>
/// <param name="socketPath">Path of the Unix socket.</param>
/// <param name="endpoints">Handle the requests.</param>
/// <param name="settings">Reads the settings in force; null: no agent API.</param>
/// <param name="reportProblems">Receives the present problems after every change; empty: none.</param>
/// <param name="supervisor">Keeps socket and network apart.</param>
/// <param name="log">Receives events and problems.</param>
/// <param name="time">The clock.</param>
internal sealed class ApiServer(string socketPath, ApiEndpoints endpoints, Func<ApiSettings?> settings,
    Action<IReadOnlyList<string>> reportProblems, Supervisor supervisor, ILogger log, TimeProvider time)
{
    /// <summary>How often settings and certificate files are checked.</summary>
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(500);

    private readonly RetriedAction _local = new(time);
    private readonly RetriedAction _remote = new(time);
    private string? _filesProblem;
    private ApiListener? _socket;
    private ApiListener? _network;
    private ApiSettings? _appliedSettings;
    private ApiCertificates? _certificates;
    private string _reportedProblems = "";

    /// <summary>The addresses that the agent API listens at, as URLs.</summary>
    internal IReadOnlyCollection<string> AgentAddresses => _network?.Addresses ?? [];

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
        await supervisor.TryAsync("API for agents", EnsureNetworkAsync, cancellation).ConfigureAwait(false);
        ReportProblems();
    }

    /// <summary>Closes all connections, and removes the Unix socket.</summary>
    internal async Task CloseAsync()
    {
        if (_network is not null)
            await _network.DisposeAsync().ConfigureAwait(false);
        if (_socket is not null)
            await _socket.DisposeAsync().ConfigureAwait(false);
        (_network, _socket, _appliedSettings) = (null, null, null);
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

    private async Task EnsureNetworkAsync(CancellationToken cancellation)
    {
        var desired = settings();
        if (!Equals(desired, _appliedSettings))
        {
            if (_network is not null)
                await _network.DisposeAsync().ConfigureAwait(false);
            (_network, _certificates, _filesProblem) = (null, null, null);
            _appliedSettings = desired;
            _remote.Reset();
        }
        if (desired is null)
            return;
        if (_network is not null)
            RefreshCertificates();
        else if (_remote.IsDue)
        {
            await _remote.TryAsync("agents cannot reach this director", async () =>
            {
                _certificates = ApiCertificates.Read(desired);
                _network = await ApiListener.OnNetworkAsync(desired, _certificates, endpoints, cancellation)
                    .ConfigureAwait(false);
                log.AgentApiListening(string.Join(", ", desired.Listen));
            }).ConfigureAwait(false);
        }
    }

    private void RefreshCertificates()
    {
        try
        {
            if (_certificates!.Refresh())
            {
                _filesProblem = null;
                log.CertificatesReloaded();
            }
        }
        catch (ApiException e)
        {
            _filesProblem = $"keeping the previous API certificates: {e.Message}";
        }
    }

    private void ReportProblems()
    {
        string[] problems = [.. new[] { _local.Problem, _remote.Problem, _filesProblem }.OfType<string>()];
        var text = string.Join('\n', problems);
        if (text == _reportedProblems)
            return;
        _reportedProblems = text;
        foreach (var problem in problems)
            log.ApiProblem(problem);
        reportProblems(problems);
    }
}
