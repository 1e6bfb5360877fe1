using System.Runtime.InteropServices;

namespace Sidestep.Native;

/// <summary>What .NET cannot do with a folder.</summary>
public static partial class Folder
{
    private const int ReadOnlyCloseOnExec = 0x80000;

    /// <summary>Flushes the entries of a folder to the disk: afterwards, no power failure loses a file that was created
    /// or renamed in it before (fsync(2)).</summary>
    /// <exception cref="IOException">The folder cannot be opened or flushed.</exception>
    public static void Flush(string path)
    {
        using var folder = new FileDescriptor(open(path, ReadOnlyCloseOnExec));
        if (folder.IsInvalid)
            throw Failed($"open {path}");
        if (fsync(folder.Value) != 0)
            throw Failed($"fsync {path}");
    }

    private static IOException Failed(string call)
    {
        var cause = NativeException.OfLastError(call);
        return new IOException(cause.Message, cause);
    }

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int open(string path, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fsync(int fd);
}
