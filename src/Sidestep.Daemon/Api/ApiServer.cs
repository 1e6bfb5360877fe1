using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Sidestep.Model;

namespace Sidestep.Daemon.Api;

/// <summary>Keeps the API up: on the Unix socket always, on the network as the configuration says. Its failures stop no packet:
/// they are told, and tried again.</summary>
/// <param name="socketPath">Where the command line finds it.</param>
/// <param name="handler">Answers.</param>
/// <param name="settings">What the configuration in force says of the network; null: not there.</param>
/// <param name="problem">Gets what is wrong now, empty when nothing is.</param>
internal sealed class ApiServer(string socketPath, ApiHandler handler, Func<ApiSettings?> settings, Action<IReadOnlyList<string>> problem)
{
    /// <summary>How often files and settings are looked at.</summary>
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(500);

    private static readonly TimeSpan FirstRetry = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LastRetry = TimeSpan.FromMinutes(1);

    private readonly Retry _local = new();
    private readonly Retry _remote = new();
    private string? _filesProblem;
    private Listener? _socket;
    private Listener? _network;
    private ApiSettings? _listens;
    private ApiCertificates? _certificates;
    private string _told = "";

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
                await KeepSocketAsync(cancellation).ConfigureAwait(false);
                await KeepNetworkAsync(cancellation).ConfigureAwait(false);
                Tell();
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

    private async Task KeepSocketAsync(CancellationToken cancellation)
    {
        if (_socket is null && _local.IsDue)
        {
            await _local.TryAsync($"the command line cannot ask this director ({socketPath})",
                async () => _socket = await Listener.OnSocketAsync(socketPath, handler.AnswerLocalAsync, cancellation).ConfigureAwait(false)).ConfigureAwait(false);
        }
    }

    private async Task KeepNetworkAsync(CancellationToken cancellation)
    {
        var wanted = settings();
        if (!Equals(wanted, _listens))
        {
            if (_network is not null)
                await _network.DisposeAsync().ConfigureAwait(false);
            (_network, _certificates, _filesProblem) = (null, null, null);
            _listens = wanted;
            _remote.Reset();
        }
        if (wanted is null)
            return;
        if (_network is null)
        {
            if (_remote.IsDue)
            {
                await _remote.TryAsync("agents cannot reach this director", async () =>
                {
                    _certificates = ApiCertificates.Read(wanted);
                    _network = await Listener.OnNetworkAsync(wanted, _certificates, handler.AnswerAgentAsync, cancellation).ConfigureAwait(false);
                    Log.Info($"agents are heard at {string.Join(", ", wanted.Listen)}");
                }).ConfigureAwait(false);
            }
            return;
        }
        try
        {
            if (_certificates!.Refresh())
            {
                _filesProblem = null;
                Log.Info("the certificates of the API were read anew");
            }
        }
        catch (ApiException e)
        {
            _filesProblem = $"the former certificates of the API stay in use: {e.Message}";
        }
    }

    private void Tell()
    {
        string[] problems = [.. new[] { _local.Problem, _remote.Problem, _filesProblem }.OfType<string>()];
        var text = string.Join('\n', problems);
        if (text == _told)
            return;
        _told = text;
        foreach (var one in problems)
            Log.Warning(one);
        problem(problems);
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
