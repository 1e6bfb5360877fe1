using Sidestep.Model;
using Sidestep.Native;

namespace Sidestep.Daemon;

/// <summary>Reads the configuration file, and notices when it changed.</summary>
/// <remarks>It is looked at two hundred times a second instead of by inotify: that works with editors that replace the file, with
/// symbolic links that are switched, and on network file systems, and costs a few microseconds each time.</remarks>
internal sealed class ConfigurationFile(string path)
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(5);

    /// <summary>How long a file that is written in place has to rest. One that was put in its place as a whole need not.</summary>
    private static readonly TimeSpan QuietPeriod = TimeSpan.FromMilliseconds(200);

    internal string Path { get; } = System.IO.Path.GetFullPath(path);

    private readonly IncrementalReader _reader = new();

    /// <summary>What the file was when it was last read: an edit between a reading and the watch is a change too.</summary>
    private FileIdentity? _read;

    /// <summary>Reads and validates against this machine.</summary>
    /// <exception cref="IOException">The file cannot be read.</exception>
    internal ConfigurationResult Read()
    {
        _read = FileIdentity.Of(Path);
        return _reader.Read(File.ReadAllText(Path), HostInfo.OfThisMachine());
    }

    /// <summary>Has the watch read the file even if it is the same: what it is checked against may have changed.</summary>
    internal void ForceReload() => _read = null;

    /// <summary>Calls back after every change, once the file has rested: a half-written file may be valid. The callback reads.</summary>
    internal async Task WatchAsync(Action changed, CancellationToken cancellation)
    {
        using var timer = new PeriodicTimer(Interval);
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

    private static bool IsSameFile(FileIdentity? one, FileIdentity? other) => one?.Inode == other?.Inode && one?.Device == other?.Device;
}
