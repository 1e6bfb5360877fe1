using Sidestep.Control.Stores;
using Sidestep.Model;

namespace Sidestep.Daemon;

/// <summary>The configuration file of the daemon.</summary>
/// <param name="path">The path; relative to the working directory of the process.</param>
/// <param name="readHost">Reads the interfaces and addresses of this machine.</param>
/// <param name="time">The clock of the watch.</param>
internal sealed class ConfigurationFile(string path, Func<HostInfo> readHost, TimeProvider time) : IDisposable
{
    private readonly FileConfigStore _store = new(path, readHost, time);

    /// <summary>The revision that was read last: the watch reports the first change after it.</summary>
    private long _read;

    /// <summary>The store that reads the file.</summary>
    internal IConfigStore Store => _store;

    /// <summary>Absolute path of the configuration file.</summary>
    internal string Path => _store.Origin;

    /// <summary>Why changes may be noticed some seconds late; null: they are noticed at once.</summary>
    internal string? NotificationProblem => _store.NotificationProblem;

    /// <summary>Number of the revision that was read last.</summary>
    internal long ReadRevision => Volatile.Read(ref _read);

    /// <summary>The newest content of the file, validated against this machine.</summary>
    /// <exception cref="IOException">The file cannot be read.</exception>
    internal ConfigurationResult Read()
    {
        var revision = _store.Current;
        _read = revision.Number;
        return revision.Result ?? throw new IOException(revision.Problem);
    }

    /// <summary>Makes the watch report the file even if it has not changed, because the machine that the file is
    /// validated against may have changed.</summary>
    internal void ForceReload() => _store.Reload();

    /// <summary>Calls back after every change, once no program writes the file any more: a file that is only partly
    /// written may be valid, too.</summary>
    /// <exception cref="OperationCanceledException">The watch was cancelled.</exception>
    internal async Task WatchAsync(Action changed, CancellationToken cancellation)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var watch = _store.RunAsync(stop.Token);
        var report = ReportAsync(changed, stop.Token);
        await Task.WhenAny(watch, report).ConfigureAwait(false);
        await stop.CancelAsync().ConfigureAwait(false);
        await Task.WhenAll(watch, report).ConfigureAwait(false);
    }

    public void Dispose() => _store.Dispose();

    private async Task ReportAsync(Action changed, CancellationToken cancellation)
    {
        while (true)
        {
            var revision = await _store.WaitForChangeAsync(_read, cancellation).ConfigureAwait(false);
            changed();
            // Not before: a revision whose report fails is reported again.
            _read = revision.Number;
        }
    }
}
