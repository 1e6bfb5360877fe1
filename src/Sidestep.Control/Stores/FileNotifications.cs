using System.Collections.Immutable;

namespace Sidestep.Control.Stores;

/// <summary>Reports changes of one file by the kernel's notifications (inotify(7)): of the file, and of every symbolic
/// link in its path.</summary>
/// <remarks>Folders are watched instead of the file, because editors and atomic writers replace the file.</remarks>
internal sealed class FileNotifications : IDisposable
{
    private readonly string _path;
    private readonly Action<FileChange> _changed;
    private readonly List<FileSystemWatcher> _watchers = [];
    private ImmutableHashSet<(string Folder, string Name)> _names = [];

    /// <param name="path">Absolute path of the file, which need not exist.</param>
    /// <param name="changed">Receives changes, on any thread.</param>
    public FileNotifications(string path, Action<FileChange> changed)
    {
        _path = path;
        _changed = changed;
        Follow();
    }

    /// <summary>Why there are no notifications from a folder; null: there are.</summary>
    public string? Problem { get; private set; }

    /// <summary>Follows the links of the path again, which a change may have switched.</summary>
    public void Follow()
    {
        var names = LinkChain.Of(_path).ToImmutableHashSet();
        if (_names.SetEquals(names) && Problem is null)
            return;
        Dispose();
        _names = names;
        Problem = null;
        foreach (string folder in names.Select(static n => n.Folder).Distinct())
            Watch(folder);
    }

    public void Dispose()
    {
        foreach (var watcher in _watchers)
            watcher.Dispose();
        _watchers.Clear();
    }

    private void Watch(string folder)
    {
        try
        {
            var watcher = new FileSystemWatcher(folder)
            {
                NotifyFilter = NotifyFilters.FileName | NotifyFilters.DirectoryName | NotifyFilters.LastWrite
                    | NotifyFilters.Size | NotifyFilters.Attributes,
            };
            watcher.Changed += (_, e) => Report(folder, e.Name, FileChange.Written);
            watcher.Created += (_, e) => Report(folder, e.Name, FileChange.Written);
            watcher.Deleted += (_, e) => Report(folder, e.Name, FileChange.Written);
            watcher.Renamed += (_, e) => Report(folder, e.Name, FileChange.Replaced);
            // Notifications were lost, or the folder is gone.
            watcher.Error += (_, _) => _changed(FileChange.Written);
            _watchers.Add(watcher);
            watcher.EnableRaisingEvents = true;
        }
        // ArgumentException: there is no such folder. IOException: the limit of inotify(7) is reached.
        catch (Exception e) when (e is ArgumentException or IOException or UnauthorizedAccessException)
        {
            Problem = e.Message;
        }
    }

    private void Report(string folder, string? name, FileChange change)
    {
        if (name is not null && _names.Contains((folder, name)))
            _changed(change);
    }
}
