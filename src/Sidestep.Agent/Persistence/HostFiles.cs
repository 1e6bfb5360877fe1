namespace Sidestep.Agent.Persistence;

/// <summary>The files of a host, or of what looks like one below another folder.</summary>
/// <param name="Root"><c>/</c> for this machine.</param>
internal sealed record HostFiles(string Root)
{
    private const int MaxFiles = 512;
    private const int MaxBytes = 1 << 20;

    /// <summary>This machine's, or those that <c>--root</c> names: of an image that is mounted there.</summary>
    public static HostFiles Machine { get; set; } = new("/");

    public string Path(string absolute) => System.IO.Path.Join(Root, absolute.TrimStart('/'));

    public bool Exists(string absolute) => File.Exists(Path(absolute)) || Directory.Exists(Path(absolute));

    /// <summary>The text, or null when there is none that can be read.</summary>
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

    /// <summary>Absolute names, as the host sees them, in the order in which they are read: by name.</summary>
    public IReadOnlyList<string> List(string folder, string pattern)
    {
        try
        {
            return Directory.Exists(Path(folder))
                ? [.. Directory.GetFiles(Path(folder), pattern).Select(f => System.IO.Path.Join(folder, System.IO.Path.GetFileName(f))).Order(StringComparer.Ordinal).Take(MaxFiles)]
                : [];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    /// <summary>Replaces a file as a whole.</summary>
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
