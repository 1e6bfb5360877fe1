using System.Diagnostics;
using System.Text.Json;
using Sidestep.Model;
using Sidestep.Native;

namespace Sidestep.Agent.State;

/// <summary>Keeps the state of one network namespace in a file, and other agents out while it is open.</summary>
internal sealed class StateStore : IDisposable
{
    private static readonly TimeSpan LockTimeout = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan LockInterval = TimeSpan.FromMilliseconds(50);
    private readonly NetworkNamespace _namespace;
    private readonly string _path;
    private readonly FileStream? _lock;

    private StateStore(NetworkNamespace networkNamespace, string path, FileStream? lockFile)
    {
        _namespace = networkNamespace;
        _path = path;
        _lock = lockFile;
    }

    /// <summary>True when a file was found that speaks of a namespace that is gone.</summary>
    public bool FoundStale { get; private set; }

    /// <summary>Opens the store for reading.</summary>
    public static StateStore OpenForReading(string directory)
    {
        var current = NetworkNamespace.Current();
        return new StateStore(current, PathIn(directory, current), null);
    }

    /// <summary>Opens the store for changes: waits a moment for another agent to finish.</summary>
    public static StateStore OpenForChange(string directory)
    {
        var current = NetworkNamespace.Current();
        var path = PathIn(directory, current);
        try
        {
            Directory.CreateDirectory(directory);
            DeleteFromEarlierBoots(directory, path);
            return new StateStore(current, path, Lock(path + ".lock"));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new AgentException($"cannot use the state directory {directory}: {e.Message}",
                "Run as root, or name a directory that can be written: --state-dir DIRECTORY.", e);
        }
    }

    /// <summary>Null when there is none for this very namespace.</summary>
    public HostState? Load()
    {
        FoundStale = false;
        HostState? state;
        try
        {
            state = JsonSerializer.Deserialize(File.ReadAllBytes(_path), StateJson.Default.HostState);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
        catch (JsonException e)
        {
            throw new AgentException($"the state file {_path} is damaged: {e.Message}",
                "Undo by hand what the agent did (docs/real-server.md says how), then delete the file.", e);
        }
        if (state is not { Version: HostState.CurrentVersion })
        {
            throw new AgentException($"the state file {_path} is of another version ({state?.Version})",
                "Run 'remove' with the version of the agent that wrote it, then 'apply' with this one.");
        }
        if (state.Namespace == _namespace)
            return state.Spec is null ? state : state with { Spec = Input.SpecFile.Complete(state.Spec) };
        // The kernel gives a new namespace the inode of one that is gone: its file must not speak for the new one.
        FoundStale = true;
        return null;
    }

    /// <summary>Replaces the file: a reader, also after a crash, finds the old one or the new one.</summary>
    public void Save(HostState state) =>
        AtomicFile.Write(_path, file => JsonSerializer.Serialize(file, state, StateJson.Default.HostState), isDurable: true);

    /// <summary>Forgets this namespace.</summary>
    public void Delete() => AtomicFile.Delete(_path);

    public HostState Empty() => new() { Namespace = _namespace };

    /// <summary>The lock file stays: whoever deleted it could let two agents in that wait for it.</summary>
    public void Dispose() => _lock?.Dispose();

    /// <summary>Where a running agent of this network namespace listens for its operator.</summary>
    public static string SocketPath(string directory) => Path.ChangeExtension(PathIn(directory, NetworkNamespace.Current()), ".sock");

    private static string PathIn(string directory, NetworkNamespace current) =>
        Path.Combine(directory, $"netns-{current.Inode}.json");

    /// <summary>Namespaces do not outlive a restart of the host, and their numbers are given anew.</summary>
    private static void DeleteFromEarlierBoots(string directory, string ours)
    {
        var boot = DateTime.UtcNow - TimeSpan.FromMilliseconds(Environment.TickCount64);
        foreach (var file in Directory.GetFiles(directory, "netns-*").Where(f => !f.StartsWith(Path.ChangeExtension(ours, ""), StringComparison.Ordinal) && File.GetLastWriteTimeUtc(f) < boot))
            File.Delete(file);
    }

    /// <summary>The kernel releases the lock when the process ends, however it ends.</summary>
    private static FileStream Lock(string path)
    {
        var clock = Stopwatch.StartNew();
        while (true)
        {
            try
            {
                return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException) when (File.Exists(path))
            {
                if (clock.Elapsed > LockTimeout)
                    throw new AgentException($"another sidestep-agent has been at work for {LockTimeout.TotalSeconds:0} seconds (lock {path})",
                        "Wait for it, or end it.");
                Thread.Sleep(LockInterval);
            }
        }
    }
}
