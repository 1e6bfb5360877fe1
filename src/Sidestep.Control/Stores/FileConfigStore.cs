using System.Net.NetworkInformation;
using Sidestep.Api;
using Sidestep.Model;

namespace Sidestep.Control.Stores;

/// <summary>A configuration file, in YAML or JSON, that is read again whenever it changes.</summary>
/// <remarks>The kernel reports changes at once. File systems of other hosts report none, so the store also compares
/// time and size of the file every few seconds.</remarks>
public sealed class FileConfigStore : IConfigStore, IDisposable
{
    /// <summary>A file that is written in place must not change for this long. A file that replaces another one is
    /// complete at once.</summary>
    private static readonly TimeSpan QuietPeriod = TimeSpan.FromMilliseconds(200);

    /// <summary>How often the file is compared, for file systems without notifications.</summary>
    private static readonly TimeSpan CheckInterval = TimeSpan.FromSeconds(5);

    /// <summary>Failed reads in a row that are not reported: while some editors write, there is no file.</summary>
    private const int UnreportedFailures = 3;

    private readonly Func<HostInfo?> _readHost;
    private readonly TimeProvider _time;
    private readonly RevisionPublisher _revisions = new();
    private readonly ChangeSignal _signal;
    private readonly FileNotifications _notifications;
    private readonly IncrementalReader _reader = new();
    private string? _text;
    private (DateTime Written, long Bytes) _identity;
    private readonly Backoff _retry = new(TimeSpan.FromMilliseconds(100), TimeSpan.FromSeconds(10));
    private int _failures;

    /// <summary>Reads the file. If it cannot be read, the first revision says why.</summary>
    /// <param name="path">Path of the file; relative to the working directory of the process.</param>
    /// <param name="readHost">Reads the interfaces and addresses of the director's machine; its result may be null:
    /// none.</param>
    /// <param name="time">The clock of retries and of the quiet period.</param>
    public FileConfigStore(string path, Func<HostInfo?> readHost, TimeProvider time)
    {
        Origin = Path.GetFullPath(path);
        _readHost = readHost;
        _time = time;
        _signal = new ChangeSignal(time);
        // Before the first read, so that no change is missed.
        _notifications = new FileNotifications(Origin, _signal.Raise);
        Read(FileChange.Requested);
    }

    /// <summary>Absolute path of the file.</summary>
    public string Origin { get; }

    /// <inheritdoc/>
    public ConfigRevision Current => _revisions.Current;

    /// <summary>Why changes may be noticed some seconds late; null: they are noticed at once.</summary>
    public string? NotificationProblem => _notifications.Problem;

    /// <inheritdoc/>
    public Task<ConfigRevision> WaitForChangeAsync(long after, CancellationToken cancellation) =>
        _revisions.WaitForChangeAsync(after, cancellation);

    /// <summary>Reads the file again although it is the same: the machine that it is validated against may have
    /// changed. The result is a new revision.</summary>
    public void Reload() => _signal.Raise(FileChange.Requested);

    /// <summary>Reads the file after every change, until cancelled.</summary>
    /// <exception cref="OperationCanceledException">The watch was cancelled.</exception>
    public async Task RunAsync(CancellationToken cancellation)
    {
        while (true)
        {
            var wait = _failures == 0 ? CheckInterval : _retry.Next();
            var change = await _signal.TakeAsync(wait, cancellation).ConfigureAwait(false);
            var seen = change;
            while (change == FileChange.Written)
            {
                change = await _signal.TakeAsync(QuietPeriod, cancellation).ConfigureAwait(false);
                seen |= change;
            }
            _notifications.Follow();
            Read(seen);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _notifications.Dispose();

    private void Read(FileChange change)
    {
        try
        {
            var identity = Identity();
            if (change == FileChange.None && _failures == 0 && identity == _identity)
                return;
            string text = File.ReadAllText(Origin);
            // A text that was invalid before may be valid now, because the machine has changed.
            if (change.HasFlag(FileChange.Requested) || text != _text
                || _revisions.Current is not { Result.Errors.IsEmpty: true })
                _revisions.Publish(_reader.Read(text, _readHost()));
            (_text, _identity, _failures) = (text, identity, 0);
            _retry.Reset();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or NetworkInformationException)
        {
            Fail(e.Message);
        }
    }

    private void Fail(string problem)
    {
        _failures++;
        // A problem is one revision, however often the read is tried again.
        if (!_revisions.HasAny || (_failures > UnreportedFailures && _revisions.Current.Problem != problem))
            _revisions.PublishProblem(problem);
    }

    private (DateTime Written, long Bytes) Identity()
    {
        var file = new FileInfo(Origin);
        file = file.ResolveLinkTarget(returnFinalTarget: true) as FileInfo ?? file;
        return (file.LastWriteTimeUtc, file.Length);
    }
}
