using System.Diagnostics;
using System.Text.Json;
using Sidestep.Model;
using Sidestep.Native;

namespace Sidestep.Agent.State;

/// <summary>The state file of one network namespace. A store that is open for changes locks out other agents.</summary>
internal sealed class StateStore : IDisposable
{
    private static readonly TimeSpan DefaultLockTimeout = TimeSpan.FromSeconds(10);
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

    /// <summary>True if the last <see cref="Load"/> found the file of a namespace that no longer exists.</summary>
    public bool FoundStale { get; private set; }

    /// <summary>Opens the store for reading, without a lock.</summary>
    public static StateStore OpenForReading(string directory)
    {
        var current = NetworkNamespace.Current();
        return new StateStore(current, PathIn(directory, current), null);
    }

    /// <summary>Opens the store for changes and waits until other agents have released the lock.</summary>
    /// <param name="directory">The state directory; created if it does not exist.</param>
    /// <param name="lockTimeout">How long to wait; null: 10 seconds.</param>
    /// <exception cref="AgentException">The directory cannot be used, or the lock was not released in time.</exception>
    public static StateStore OpenForChange(string directory, TimeSpan? lockTimeout = null)
    {
        var current = NetworkNamespace.Current();
        var path = PathIn(directory, current);
        try
        {
            Directory.CreateDirectory(directory);
            DeleteFromEarlierBoots(directory, path, current.BootId);
            return new StateStore(current, path, Lock(path + ".lock", lockTimeout ?? DefaultLockTimeout));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new AgentException($"cannot use the state directory {directory}: {e.Message}",
                "Run as root, or name a writable directory: --state-dir DIRECTORY.", e);
        }
    }

    /// <summary>Reads the state; null: there is none of exactly this namespace.</summary>
    /// <exception cref="AgentException">The file is damaged or has another version.</exception>
    public HostState? Load()
    {
        FoundStale = false;
        if (ReadFile() is not { } text)
            return null;
        var state = Parse(text);
        if (state.Namespace == _namespace)
            return state.Spec is null ? state : state with { Spec = Input.SpecFile.Complete(state.Spec) };
        // The kernel reuses the inode of a deleted namespace: the file of the old one says nothing about the new one.
        FoundStale = true;
        return null;
    }

    /// <summary>Replaces the file durably: after a crash, a reader finds the old content or the new one.</summary>
    public void Save(HostState state) => AtomicFile.Write(
        _path, file => JsonSerializer.Serialize(file, state, StateJson.Default.HostState), isDurable: true);

    /// <summary>Deletes the state of this namespace.</summary>
    public void Delete() => AtomicFile.Delete(_path);

    public HostState Empty() => new() { Namespace = _namespace };

    /// <summary>Releases the lock. The lock file stays: deleting it could let two waiting agents in.</summary>
    public void Dispose() => _lock?.Dispose();

    /// <summary>Path of the socket on which a running agent of this network namespace serves the local
    /// operator.</summary>
    public static string SocketPath(string directory) =>
        Path.ChangeExtension(PathIn(directory, NetworkNamespace.Current()), ".sock");

    private static string PathIn(string directory, NetworkNamespace current) =>
        Path.Combine(directory, $"netns-{current.Inode}.json");

    private byte[]? ReadFile()
    {
        try
        {
            return File.ReadAllBytes(_path);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }

    private HostState Parse(byte[] text)
    {
        HostState? state;
        try
        {
            state = JsonSerializer.Deserialize(text, StateJson.Default.HostState);
        }
        catch (JsonException e)
        {
            throw new AgentException($"the state file {_path} is damaged: {e.Message}",
                "Undo the agent's changes by hand (docs/real-server.md says how), then delete the file.", e);
        }
        return state is { Version: HostState.CurrentVersion } ? state : throw new AgentException(
            $"the state file {_path} has version {state?.Version}, and this agent reads {HostState.CurrentVersion}",
            "Run 'remove' with the version of the agent that wrote it, then 'apply' with this one.");
    }

    /// <summary>Namespaces do not survive a restart of the host, and their inodes are reused after it.</summary>
    private static void DeleteFromEarlierBoots(string directory, string ours, string bootId)
    {
        var boot = DateTime.UtcNow - TimeSpan.FromMilliseconds(Environment.TickCount64);
        var prefix = Path.ChangeExtension(ours, "");
        foreach (var file in Directory.GetFiles(directory, "netns-*"))
        {
            if (!file.StartsWith(prefix, StringComparison.Ordinal) && File.GetLastWriteTimeUtc(file) < boot
                && !IsOfThisBoot(file, bootId))
                File.Delete(file);
        }
    }

    /// <summary>True if the state beside a file is of this boot. The times of files are not enough: the wall clock may
    /// have been set since.</summary>
    private static bool IsOfThisBoot(string file, string bootId)
    {
        var state = Path.Combine(Path.GetDirectoryName(file)!, Path.GetFileName(file).Split('.')[0] + ".json");
        return File.Exists(state) && File.ReadAllText(state).Contains(bootId, StringComparison.Ordinal);
    }

    /// <summary>The kernel releases the lock when the process ends, also after a crash.</summary>
    private static FileStream Lock(string path, TimeSpan timeout)
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
                if (clock.Elapsed > timeout)
                {
                    throw new AgentException(
                        $"another sidestep-agent has locked the state for {timeout.TotalSeconds:0} seconds "
                        + $"(lock file {path})",
                        "Wait until it has finished, or stop it.");
                }
                Thread.Sleep(LockInterval);
            }
        }
    }
}
