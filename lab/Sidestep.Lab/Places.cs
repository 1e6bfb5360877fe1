namespace Sidestep.Lab;

/// <summary>Where the repository, its executables and the lab's own state are.</summary>
internal static class Places
{
    /// <summary>One folder per run below it; in /run, so that a reboot, which ends the runs, also forgets them.</summary>
    public const string Runs = "/run/sidestep-lab";

    public const string Namespaces = "/run/netns";

    public static string Repository { get; } = FindRepository();

    public static string Topologies => Path.Combine(Repository, "lab");

    public static string Failures => Path.Combine(Repository, "artifacts", "lab");

    public static string Daemon => Executable("Sidestep.Daemon", "sidestepd");

    public static string Agent => Executable("Sidestep.Agent", "sidestep-agent");

    public static string Cli => Executable("Sidestep.Cli", "sidestep");

    public static string Lab => Environment.ProcessPath ?? throw new LabException("The path of this executable is unknown.");

    /// <summary>The folder that bpffs is mounted on; each run pins in a folder of its own below.</summary>
    public static string PinFolder(string runId) => $"/sys/fs/bpf/sidestep-lab-{runId}";

    private static string Executable(string project, string name)
        => Path.Combine(Repository, "artifacts", "bin", project, Configuration, name);

    // The lab runs the product that was built in the same configuration as itself.
    private static string Configuration => Path.GetFileName(Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory));

    private static string FindRepository()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Sidestep.slnx")))
                return folder.FullName;
        }
        throw new LabException($"No Sidestep.slnx above {AppContext.BaseDirectory}: run sidestep-lab from its repository (./sidestep lab).");
    }
}
