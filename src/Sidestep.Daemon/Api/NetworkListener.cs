namespace Sidestep.Daemon.Api;

/// <summary>A listener on the network that follows its settings and its certificate files. A failure is reported and
/// tried again.</summary>
/// <param name="name">Names it in messages: <c>API</c>, <c>metrics</c>.</param>
/// <param name="place">The mapping of its settings: <c>node.api</c>.</param>
/// <param name="consequence">What does not work while it cannot listen.</param>
/// <param name="settings">Reads the settings in force; null: it does not listen.</param>
/// <param name="site">Makes what it serves, with its certificates; null: it has none.</param>
/// <param name="limits">Its limits.</param>
/// <param name="onListening">Called with its addresses once it listens.</param>
/// <param name="log">Receives events, and faults of handlers.</param>
/// <param name="time">The clock.</param>
/// <param name="prepare">Makes the files of the certificates, if the daemon does that; throws
/// <see cref="ApiException"/>.</param>
internal sealed class NetworkListener(string name, string place, string consequence,
    Func<ListenerSettings?> settings, Func<ApiCertificates?, ApiSite> site, ListenerLimits limits,
    Action<string> onListening, ILogger log, TimeProvider time, Action? prepare = null)
{
    private readonly RetriedAction _start = new(time);
    private string? _filesProblem;
    private ApiListener? _listener;
    private ListenerSettings? _applied;
    private ApiCertificates? _certificates;

    /// <summary>The addresses that it listens at, as URLs.</summary>
    internal IReadOnlyCollection<string> Addresses => _listener?.Addresses ?? [];

    /// <summary>What does not work now.</summary>
    internal IEnumerable<string> Problems => new[] { _start.Problem, _filesProblem }.OfType<string>();

    /// <summary>Opens, reloads or closes it, as is due now.</summary>
    internal async Task UpdateAsync(CancellationToken cancellation)
    {
        var desired = settings();
        if (!Equals(desired, _applied))
        {
            await CloseAsync().ConfigureAwait(false);
            _applied = desired;
            _start.Reset();
        }
        if (desired is null)
            return;
        if (_listener is not null)
            RefreshCertificates();
        else if (_start.IsDue)
        {
            await _start.TryAsync(consequence, async () =>
            {
                prepare?.Invoke();
                _certificates = desired.Tls is { } tls ? ApiCertificates.Read(tls, place) : null;
                _listener = await ApiListener.OnNetworkAsync(desired, _certificates, site(_certificates), limits,
                    log, cancellation).ConfigureAwait(false);
                onListening(desired.ToString());
            }).ConfigureAwait(false);
        }
    }

    /// <summary>Closes all connections.</summary>
    internal async Task CloseAsync()
    {
        if (_listener is not null)
            await _listener.DisposeAsync().ConfigureAwait(false);
        (_listener, _certificates, _filesProblem, _applied) = (null, null, null, null);
    }

    private void RefreshCertificates()
    {
        try
        {
            prepare?.Invoke();
            if (_certificates?.Refresh() == true)
            {
                _filesProblem = null;
                log.CertificatesReloaded(name);
            }
        }
        catch (ApiException e)
        {
            _filesProblem = $"keeping the previous {name} certificates: {e.Message}";
        }
    }
}
