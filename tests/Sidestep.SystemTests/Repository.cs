namespace Sidestep.SystemTests;

/// <summary>Where the executables are that these tests judge.</summary>
internal static class Repository
{
    public static string Root { get; } = FindRoot();

    public static string Lab => Executable("Sidestep.Lab", "sidestep-lab");

    public static string Executable(string project, string name)
    {
        var configuration = Path.GetFileName(Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory));
        return Path.Combine(Root, "artifacts", "bin", project, configuration, name);
    }

    private static string FindRoot()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Sidestep.slnx")))
                return folder.FullName;
        }
        throw new InvalidOperationException($"No Sidestep.slnx above {AppContext.BaseDirectory}.");
    }
}
