using Sidestep.Model;
using Sidestep.Native;

namespace Sidestep.Daemon;

/// <summary>Reads the configuration file, and notices when it changed.</summary>
/// <remarks>It is looked at five times a second instead of by inotify: that works with editors that replace the file, with
/// symbolic links that are switched, and on network file systems.</remarks>
internal sealed class ConfigurationFile(string path)
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(200);

    internal string Path { get; } = System.IO.Path.GetFullPath(path);

    /// <summary>What the file was when it was last read: an edit between a reading and the watch is a change too.</summary>
    private FileIdentity? _read;

    /// <summary>Reads and validates against this machine.</summary>
    /// <exception cref="IOException">The file cannot be read.</exception>
    internal ConfigurationResult Read()
    {
        _read = FileIdentity.Of(Path);
        return ConfigurationReader.Read(File.ReadAllText(Path), HostFacts.OfThisMachine());
    }

    /// <summary>Has the watch read the file even if it is the same: what it is checked against may have changed.</summary>
    internal void ReadAgain() => _read = null;

    /// <summary>Calls back after every change, once the file has rested for an interval: a half-written file may be valid.
    /// The callback reads.</summary>
    internal async Task WatchAsync(Action changed, CancellationToken cancellation)
    {
        using var timer = new PeriodicTimer(Interval);
        var seen = _read;
        while (await timer.WaitForNextTickAsync(cancellation).ConfigureAwait(false))
        {
            var now = FileIdentity.Of(Path);
            if (now is not null && now == seen && now != _read)
                changed();
            seen = now;
        }
    }
}
