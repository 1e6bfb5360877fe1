using Sidestep.Forwarding;

namespace Sidestep.Daemon;

/// <summary>The lock file that allows one daemon per director.</summary>
internal static class DirectorLock
{
    /// <summary>Takes the lock. For about a second, another process may still hold it: a daemon that was just killed,
    /// or <c>sidestep status</c>.</summary>
    /// <param name="path">Path of the file; its folder is created.</param>
    /// <param name="director">Name of the director.</param>
    /// <param name="time">The clock.</param>
    /// <returns>The lock; released when disposed.</returns>
    /// <exception cref="EngineException">Another daemon holds the lock.</exception>
    internal static Task<FileStream> AcquireAsync(string path, string director, TimeProvider time) =>
        ProcessLock.AcquireAsync(path, $"another sidestepd runs for the director '{director}'",
            "stop it, or give this one another node.name", time);
}
