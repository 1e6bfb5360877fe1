namespace Sidestep.UnitTests.Daemon;

/// <summary>A folder of one test, removed at its end.</summary>
internal sealed class TempFolder : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("sidestep-unit-");

    public string Path(string name) => System.IO.Path.Combine(_folder.FullName, name);

    /// <summary>Writes a file in place.</summary>
    public string Write(string name, string text)
    {
        File.WriteAllText(Path(name), text);
        return Path(name);
    }

    /// <summary>Replaces a file as a whole, as editors do.</summary>
    public void Replace(string name, string text) => File.Move(Write(name + ".new", text), Path(name), overwrite: true);

    public void Dispose() => _folder.Delete(recursive: true);
}
