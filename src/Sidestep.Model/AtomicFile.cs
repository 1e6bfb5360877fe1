namespace Sidestep.Model;

/// <summary>Replaces whole files: a reader finds either the old content or the new content, even when the writer is
/// killed.</summary>
public static class AtomicFile
{
    /// <summary>The end of the name of a temporary file, after that of the file.</summary>
    public const string TemporarySuffix = ".new";

    /// <summary>Writes a temporary file beside the file and renames it. Creates the folder if it does not
    /// exist.</summary>
    /// <param name="path">Path of the file.</param>
    /// <param name="write">Writes the content to the stream.</param>
    /// <param name="mode">Permissions of the file; null: the default of the process. Ignored on Windows.</param>
    /// <param name="isDurable">True: flushes the content to the disk before the rename, so that a power failure cannot
    /// leave an incomplete file.</param>
    /// <exception cref="IOException">The disk is full, or a folder has the path of the file.</exception>
    /// <exception cref="UnauthorizedAccessException">The process may not write to the folder.</exception>
    public static void Write(string path, Action<Stream> write, UnixFileMode? mode = null, bool isDurable = false)
    {
        ArgumentNullException.ThrowIfNull(write);
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
        var temporary = TemporaryPath(path);
        using (var file = File.Create(temporary))
        {
            if (mode is { } requestedMode && !OperatingSystem.IsWindows())
                File.SetUnixFileMode(file.SafeFileHandle, requestedMode);
            write(file);
            file.Flush(isDurable);
        }
        File.Move(temporary, path, overwrite: true);
    }

    /// <inheritdoc cref="Write(string, Action{Stream}, UnixFileMode?, bool)"/>
    /// <param name="path">Path of the file.</param>
    /// <param name="content">The whole content of the file.</param>
    /// <param name="mode">Permissions of the file; null: the default of the process. Ignored on Windows.</param>
    public static void Write(string path, ReadOnlyMemory<byte> content, UnixFileMode? mode = null) =>
        Write(path, to => to.Write(content.Span), mode);

    /// <summary>Deletes the file, and the temporary file of a writer that was killed. Does nothing if neither
    /// exists.</summary>
    public static void Delete(string path)
    {
        File.Delete(path);
        File.Delete(TemporaryPath(path));
    }

    private static string TemporaryPath(string path) => path + TemporarySuffix;
}
