using System.Globalization;
using Sidestep.Forwarding;
using Sidestep.Native;

namespace Sidestep.Daemon;

/// <summary>A lock file that one process holds.</summary>
internal static class ProcessLock
{
    private const int Attempts = 10;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    /// <summary>Takes the lock. For about a second, another process may still hold it: a daemon that was just
    /// killed.</summary>
    /// <param name="path">Path of the file; its folder is created.</param>
    /// <param name="inUse">What to report if another process holds the lock, without a full stop.</param>
    /// <param name="remedy">What to do then, without a full stop.</param>
    /// <param name="time">The clock.</param>
    /// <returns>The lock; released when disposed.</returns>
    /// <exception cref="EngineException">Another process holds the lock.</exception>
    internal static async Task<FileStream> AcquireAsync(string path, string inUse, string remedy, TimeProvider time)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException) when (attempt < Attempts)
            {
                await Task.Delay(Pause, time).ConfigureAwait(false);
            }
            catch (IOException e)
            {
                throw new EngineException($"{inUse} (pid {HolderOf(path)}, lock {path}): {remedy} ({e.Message})", e);
            }
        }
    }

    private static string HolderOf(string path) =>
        FileIdentity.Of(path) is { } file && LockHolder.Find(file.Inode, File.ReadLines("/proc/locks")) is { } process
            ? process.ToString(CultureInfo.InvariantCulture) : "unknown";
}
