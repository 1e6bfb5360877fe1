namespace Sidestep.UnitTests.Agent;

/// <summary>A folder of one test, deleted after it.</summary>
internal sealed class TempFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("sidestep-agent-unit-").FullName;

    /// <summary>The names of all files below it, relative and sorted.</summary>
    public string[] Files => [.. Directory.GetFiles(Path, "*", SearchOption.AllDirectories)
        .Select(f => System.IO.Path.GetRelativePath(Path, f)).Order(StringComparer.Ordinal)];

    public string PathOf(string name) => System.IO.Path.Combine(Path, name.TrimStart('/'));

    public string Read(string name) => File.ReadAllText(PathOf(name));

    /// <summary>Writes a file, creates its folders, and returns its path.</summary>
    public string Put(string name, string text = "")
    {
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(PathOf(name))!);
        File.WriteAllText(PathOf(name), text);
        return PathOf(name);
    }

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
