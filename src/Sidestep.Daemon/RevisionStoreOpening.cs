using Sidestep.Control.Stores.Revisions;
using Sidestep.Model;
using Sidestep.Native;

namespace Sidestep.Daemon;

/// <summary>Opens the store of revisions at the start of the daemon.</summary>
/// <param name="readHost">Reads the interfaces and addresses of this machine.</param>
/// <param name="log">Receives what was repaired, and errors of the initial configuration.</param>
/// <param name="time">The clock of the time stamps.</param>
internal sealed class RevisionStoreOpening(Func<HostInfo> readHost, ILogger log, TimeProvider time)
{
    /// <summary>Takes the lock of the store: another process must neither change it nor repair it meanwhile.</summary>
    /// <returns>The lock; released when disposed.</returns>
    /// <exception cref="Forwarding.EngineException">Another daemon holds it.</exception>
    internal Task<FileStream> LockAsync(string path) => ProcessLock.AcquireAsync(
        Path.Combine(Path.GetFullPath(path), "lock"), "another sidestepd uses this store",
        "stop it, or give this one another --store", time);

    /// <summary>Opens the store. An empty one gets the initial configuration as its first revision.</summary>
    /// <param name="path">The folder of the revisions.</param>
    /// <param name="initialConfig">Path of the initial configuration; null: none.</param>
    /// <returns>Null: the initial configuration has errors, which the log says.</returns>
    /// <exception cref="IOException">The store or the file cannot be read, or the store is empty.</exception>
    internal ConfigurationSource? Open(string path, string? initialConfig)
    {
        var folder = new RevisionFolder(path, Folder.Flush, RevisionLimits.Default);
        foreach (var note in folder.Notes)
            log.RevisionStoreProblem(note);
        if (folder.Revisions.IsEmpty && !Initialize(folder, initialConfig))
            return null;
        return ConfigurationSource.OfStore(new RevisionConfigStore(folder, readHost, log.RevisionStoreProblem, time),
            folder.LostNewest);
    }

    private bool Initialize(RevisionFolder folder, string? initialConfig)
    {
        if (folder.HasDamaged)
        {
            throw new IOException("none of its revisions can be read: restore the folder from a copy, or name an empty "
                + "one and --initial-config FILE");
        }
        if (initialConfig is null)
            throw new IOException("it has no revision yet: name the first configuration with --initial-config FILE");
        var result = ConfigurationReader.Read(File.ReadAllText(initialConfig), readHost());
        foreach (var error in result.Errors)
            log.ConfigurationError(error.Format(initialConfig, "error"));
        if (result.Configuration is not { } first)
            return false;
        RevisionConfigStore.Initialize(folder, first, $"--initial-config {Path.GetFullPath(initialConfig)}", time);
        return true;
    }
}
