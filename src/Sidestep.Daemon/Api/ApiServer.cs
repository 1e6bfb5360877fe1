using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Sidestep.Model;

namespace Sidestep.Daemon.Api;

/// <summary>Keeps the API up: on the Unix socket always, on the network as the configuration says. Its failures stop no packet:
/// they are told, and tried again.</summary>
/// <param name="socketPath">Where the command line finds it.</param>
/// <param name="handler">Answers.</param>
/// <param name="settings">What the configuration in force says of the network; null: not there.</param>
/// <param name="reportProblems">Gets what is wrong now, empty when nothing is.</param>
internal sealed class ApiServer(string socketPath, ApiHandler handler, Func<ApiSettings?> settings, Action<IReadOnlyList<string>> reportProblems)
{
    /// <summary>How often files and settings are looked at.</summary>
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(500);

    private static readonly TimeSpan FirstRetry = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LastRetry = TimeSpan.FromMinutes(1);

    private readonly Retry _local = new();
    private readonly Retry _remote = new();
    private string? _filesProblem;
    private ApiListener? _socket;
    private ApiListener? _network;
    private ApiSettings? _appliedSettings;
    private ApiCertificates? _certificates;
    private string _reportedProblems = "";

    /// <summary>Until cancelled.</summary>
    internal async Task RunAsync(CancellationToken cancellation)
    {
        // The tables come first: nothing here is to delay them.
        await Task.Yield();
        using var timer = new PeriodicTimer(Interval);
        try
        {
            do
            {
                await EnsureSocketAsync(cancellation).ConfigureAwait(false);
                await EnsureNetworkAsync(cancellation).ConfigureAwait(false);
                ReportProblems();
            }
            while (await timer.WaitForNextTickAsync(cancellation).ConfigureAwait(false));
        }
        catch (OperationCanceledException)
        {
            // the normal end
        }
        finally
        {
            if (_network is not null)
                await _network.DisposeAsync().ConfigureAwait(false);
            if (_socket is not null)
                await _socket.DisposeAsync().ConfigureAwait(false);
            File.Delete(socketPath);
        }
    }

    private async Task EnsureSocketAsync(CancellationToken cancellation)
    {
        if (_socket is null && _local.IsDue)
        {
            await _local.TryAsync($"the command line cannot reach this director ({socketPath})",
                async () => _socket = await ApiListener.OnSocketAsync(socketPath, handler.HandleLocalAsync, cancellation).ConfigureAwait(false)).ConfigureAwait(false);
        }
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
        if (_network is null)
        {
            if (_remote.IsDue)
            {
                await _remote.TryAsync("agents cannot reach this director", async () =>
                {
                    _certificates = ApiCertificates.Read(desired);
                    _network = await ApiListener.OnNetworkAsync(desired, _certificates, handler.HandleAgentAsync, cancellation).ConfigureAwait(false);
                    Log.Info($"agent API listening on {string.Join(", ", desired.Listen)}");
                }).ConfigureAwait(false);
            }
            return;
        }
        try
        {
            if (_certificates!.Refresh())
            {
                _filesProblem = null;
                Log.Info("API certificates reloaded");
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
        foreach (var one in problems)
            Log.Warning(one);
        reportProblems(problems);
    }

    /// <summary>Tries again after a pause that doubles.</summary>
    private sealed class Retry
    {
        private TimeSpan _pause = FirstRetry;
        private long? _failed;

        internal string? Problem { get; private set; }

        internal bool IsDue => _failed is not { } at || TimeProvider.System.GetElapsedTime(at) >= _pause;

        internal void Reset() => (_pause, _failed, Problem) = (FirstRetry, null, null);

        internal async Task TryAsync(string consequence, Func<Task> attempt)
        {
            try
            {
                await attempt().ConfigureAwait(false);
                Reset();
            }
            catch (Exception e) when (e is ApiException or IOException or SocketException or UnauthorizedAccessException or AddressInUseException
                or InvalidOperationException)
            {
                if (_failed is not null)
                    _pause = _pause * 2 < LastRetry ? _pause * 2 : LastRetry;
                _failed = TimeProvider.System.GetTimestamp();
                Problem = $"{consequence}: {e.Message}";
            }
        }
    }
}
