namespace Sidestep.Agent.Persistence;

/// <summary>The files of a host, or of an image that is mounted somewhere.</summary>
/// <param name="Root"><c>/</c> for this host.</param>
internal sealed record HostFiles(string Root)
{
    private const int MaxFiles = 512;
    private const int MaxBytes = 1 << 20;

    /// <summary>Path on this machine of a file that the host knows under an absolute name.</summary>
    public string Path(string absolute) => System.IO.Path.Join(Root, absolute.TrimStart('/'));

    /// <summary>True for a file and for a directory.</summary>
    public bool Exists(string absolute) => File.Exists(Path(absolute)) || Directory.Exists(Path(absolute));

    /// <summary>Reads a text file. Null: there is no such file, it cannot be read, or it has more than 1 MiB.</summary>
    public string? Read(string absolute)
    {
        try
        {
            var file = new FileInfo(Path(absolute));
            return file.Exists && file.Length <= MaxBytes ? File.ReadAllText(file.FullName) : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>Absolute names as the host knows them, sorted, which is the order in which network managers read them;
    /// at most 512.</summary>
    public IReadOnlyList<string> List(string folder, string pattern)
    {
        try
        {
            return Directory.Exists(Path(folder))
                ? [.. Directory.GetFiles(Path(folder), pattern)
                    .Select(f => System.IO.Path.Join(folder, System.IO.Path.GetFileName(f)))
                    .Order(StringComparer.Ordinal).Take(MaxFiles)]
                : [];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    /// <summary>Replaces a file atomically, and creates its directory.</summary>
    public void Write(string absolute, string text, UnixFileMode mode)
    {
        var path = Path(absolute);
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(path)!);
        var temporary = path + ".sidestep-new";
        File.WriteAllText(temporary, text);
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(temporary, mode);
        File.Move(temporary, path, overwrite: true);
    }
}
