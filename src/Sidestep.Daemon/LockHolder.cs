using System.Globalization;

namespace Sidestep.Daemon;

/// <summary>The process that holds the lock of a file, as the kernel lists it in <c>/proc/locks</c>.</summary>
internal static class LockHolder
{
    /// <summary>Its process id; null: none, or not known.</summary>
    /// <param name="inode">Inode of the locked file.</param>
    /// <param name="locks">The lines of <c>/proc/locks</c>, such as
    /// <c>1: FLOCK  ADVISORY  WRITE 1234 00:19:5678 0 EOF</c>.</param>
    internal static int? Find(ulong inode, IEnumerable<string> locks)
    {
        var suffix = string.Create(CultureInfo.InvariantCulture, $":{inode}");
        foreach (var line in locks)
        {
            // A waiting process has an arrow behind the number of the lock.
            var words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (words is [_, "FLOCK", _, _, var process, var file, ..]
                && file.EndsWith(suffix, StringComparison.Ordinal)
                && int.TryParse(process, CultureInfo.InvariantCulture, out var id))
                return id;
        }
        return null;
    }
}
