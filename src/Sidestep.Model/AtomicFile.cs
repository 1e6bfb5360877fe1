namespace Sidestep.Model;

/// <summary>A file that is replaced as a whole: who reads it finds the old content or the new one, also when the writer is killed.</summary>
public static class AtomicFile
{
    /// <summary>Writes beside the file, then puts it in its place. Makes the folder where it is missing.</summary>
    /// <param name="path">Of the file.</param>
    /// <param name="write">Writes the content.</param>
    /// <param name="mode">Who may read it; null: as the process makes files.</param>
    /// <param name="isDurable">It must be whole after the machine lost its power, too.</param>
    /// <exception cref="IOException">There is no room, or a folder in its place.</exception>
    /// <exception cref="UnauthorizedAccessException">There is no right.</exception>
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
    /// <param name="path">Of the file.</param>
    /// <param name="content">All of it.</param>
    /// <param name="mode">Who may read it; null: as the process makes files.</param>
    public static void Write(string path, ReadOnlyMemory<byte> content, UnixFileMode? mode = null) =>
        Write(path, to => to.Write(content.Span), mode);

    /// <summary>Removes it, and what a writer that was killed left beside it.</summary>
    public static void Delete(string path)
    {
        File.Delete(path);
        File.Delete(TemporaryPath(path));
    }

    private static string TemporaryPath(string path) => path + ".new";
}
