using Sidestep.Control.Stores;
using Sidestep.Control.Stores.Revisions;
using Sidestep.Model;

namespace Sidestep.Daemon;

/// <summary>Where the daemon's configuration comes from: a file, or a store that requests change.</summary>
internal sealed class ConfigurationSource : IDisposable
{
    private readonly IDisposable _owned;
    private readonly Action _reload;
    private readonly Func<CancellationToken, Task> _watch;

    /// <summary>The revision that was read last: the watch reports the first change after it.</summary>
    private long _read;

    private Configuration? _accepted;

    private ConfigurationSource(FileConfigStore file)
    {
        (Store, _owned, _reload, _watch) = (file, file, file.Reload, file.RunAsync);
        NotificationProblem = file.NotificationProblem;
    }

    private ConfigurationSource(RevisionConfigStore store)
    {
        (Store, Writable, _owned, _reload, _watch) = (store, store, store, store.Reload, store.RunAsync);
    }

    /// <summary>The store of the configuration.</summary>
    internal IConfigStore Store { get; }

    /// <summary>The same store, if requests may change it; null: only its owner changes the file.</summary>
    internal IWritableConfigStore? Writable { get; }

    /// <summary>The newest configuration that the daemon has accepted.</summary>
    internal Configuration Accepted
    {
        get => Volatile.Read(ref _accepted)
            ?? throw new InvalidOperationException("No configuration has been accepted yet.");
        set => Volatile.Write(ref _accepted, value);
    }

    /// <summary>The revisions that the daemon has tried to apply.</summary>
    internal TriedRevisions Tried { get; } = new(TimeProvider.System);

    /// <summary>Absolute path of the configuration file, or of the folder of revisions.</summary>
    internal string Path => Store.Origin;

    /// <summary>Why changes may be noticed some seconds late; null: they are noticed at once.</summary>
    internal string? NotificationProblem { get; }

    /// <summary>Why a change that was accepted earlier is not in force; null: all are.</summary>
    internal string? LostNewest { get; private init; }

    /// <summary>Number of the revision that was read last.</summary>
    internal long ReadRevision => Volatile.Read(ref _read);

    /// <summary>A configuration file.</summary>
    /// <param name="path">The path; relative to the working directory of the process.</param>
    /// <param name="readHost">Reads the interfaces and addresses of this machine.</param>
    /// <param name="time">The clock of the watch.</param>
    internal static ConfigurationSource OfFile(string path, Func<HostInfo> readHost, TimeProvider time) =>
        new(new FileConfigStore(path, readHost, time));

    /// <summary>A store of revisions.</summary>
    /// <param name="store">The store.</param>
    /// <param name="lostNewest">Why its newest revision is not in force; null: it is.</param>
    internal static ConfigurationSource OfStore(RevisionConfigStore store, string? lostNewest = null) =>
        new(store) { LostNewest = lostNewest };

    /// <summary>The newest configuration, validated against this machine.</summary>
    /// <exception cref="IOException">The source cannot be read.</exception>
    internal ConfigurationResult Read()
    {
        var revision = Store.Current;
        _read = revision.Number;
        return revision.Result ?? throw new IOException(revision.Problem);
    }

    /// <summary>Makes the watch report the configuration even if it has not changed, because the machine that it is
    /// validated against may have changed.</summary>
    internal void ForceReload() => _reload();

    /// <summary>Calls back after every change, once no program writes the file any more: a file that is only partly
    /// written may be valid, too.</summary>
    /// <exception cref="OperationCanceledException">The watch was cancelled.</exception>
    internal async Task WatchAsync(Action changed, CancellationToken cancellation)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var watch = _watch(stop.Token);
        var report = ReportAsync(changed, stop.Token);
        await Task.WhenAny(watch, report).ConfigureAwait(false);
        await stop.CancelAsync().ConfigureAwait(false);
        await Task.WhenAll(watch, report).ConfigureAwait(false);
    }

    public void Dispose() => _owned.Dispose();

    private async Task ReportAsync(Action changed, CancellationToken cancellation)
    {
        while (true)
        {
            var revision = await Store.WaitForChangeAsync(_read, cancellation).ConfigureAwait(false);
            changed();
            // Not before: a revision whose report fails is reported again.
            _read = revision.Number;
        }
    }
}
