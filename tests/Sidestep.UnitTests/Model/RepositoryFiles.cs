namespace Sidestep.UnitTests.Model;

/// <summary>Files of the repository that tests compare with the code.</summary>
internal static class RepositoryFiles
{
    public static string PathOf(string relative)
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Sidestep.slnx")))
                return Path.Combine(folder.FullName, relative);
        }
        throw new DirectoryNotFoundException($"No Sidestep.slnx above {AppContext.BaseDirectory}.");
    }

    public static string Read(string relative) => File.ReadAllText(PathOf(relative));
}
