using Sidestep.Model;
using Sidestep.Native;

namespace Sidestep.Daemon;

/// <summary>Reads the configuration file, and notices when it changes.</summary>
/// <remarks>The daemon checks the file two hundred times a second and does not use inotify. That works with editors
/// that replace the file, with symbolic links that are switched, and on network file systems. A check costs a few
/// microseconds.</remarks>
/// <param name="path">The path; relative to the working directory of the process.</param>
/// <param name="readHost">Reads the interfaces and addresses of this machine.</param>
/// <param name="time">The clock of the watch.</param>
internal sealed class ConfigurationFile(string path, Func<HostInfo> readHost, TimeProvider time)
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(5);

    /// <summary>A file that is written in place must not change for this long. A file that replaces another one is
    /// complete at once.</summary>
    private static readonly TimeSpan QuietPeriod = TimeSpan.FromMilliseconds(200);

    private readonly IncrementalReader _reader = new();

    /// <summary>The identity of the file when it was last read: a change between a read and the watch counts
    /// too.</summary>
    private FileIdentity? _read;

    /// <summary>Absolute path of the configuration file.</summary>
    internal string Path { get; } = System.IO.Path.GetFullPath(path);

    /// <summary>Reads the file, and validates it against this machine.</summary>
    /// <exception cref="IOException">The file cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">The file must not be read.</exception>
    internal ConfigurationResult Read()
    {
        _read = FileIdentity.Of(Path);
        return _reader.Read(File.ReadAllText(Path), readHost());
    }

    /// <summary>Makes the watch report the file even if it has not changed, because the machine that the file is
    /// validated against may have changed.</summary>
    internal void ForceReload() => _read = null;

    /// <summary>Calls back after every change, once no program writes the file any more: a file that is only partly
    /// written may be valid, too. The callback must read the file.</summary>
    /// <exception cref="OperationCanceledException">The watch was cancelled.</exception>
    internal async Task WatchAsync(Action changed, CancellationToken cancellation)
    {
        using var timer = new PeriodicTimer(Interval, time);
        var lastSeen = _read;
        var quietFor = TimeSpan.Zero;
        while (await timer.WaitForNextTickAsync(cancellation).ConfigureAwait(false))
        {
            var now = FileIdentity.Of(Path);
            quietFor = now == lastSeen ? quietFor + Interval : TimeSpan.Zero;
            lastSeen = now;
            if (now is not null && now != _read && quietFor >= (IsSameFile(now, _read) ? QuietPeriod : Interval))
                changed();
        }
    }

    private static bool IsSameFile(FileIdentity? one, FileIdentity? other) =>
        one?.Inode == other?.Inode && one?.Device == other?.Device;
}
