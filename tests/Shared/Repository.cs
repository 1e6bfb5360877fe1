namespace Sidestep.Testing;

/// <summary>Paths of the source tree that the tests were built from, and of programs built with them.</summary>
internal static class Repository
{
    private static readonly Lazy<string> Found = new(Find);

    public static string Root => Found.Value;

    public static string File(params string[] parts) => Path.Combine([Root, .. parts]);

    public static string Read(params string[] parts) => System.IO.File.ReadAllText(File(parts));

    /// <summary>Path of a program that was built in the same configuration as the tests.</summary>
    public static string Executable(string project, string name) =>
        File("artifacts", "bin", project, Path.GetFileName(Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory)),
            name);

    private static string Find()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (System.IO.File.Exists(Path.Combine(folder.FullName, "Sidestep.slnx")))
                return folder.FullName;
        }
        throw new DirectoryNotFoundException(
            $"no folder above {AppContext.BaseDirectory} has Sidestep.slnx: run the tests in the repository");
    }
}
