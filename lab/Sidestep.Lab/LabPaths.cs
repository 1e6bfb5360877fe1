namespace Sidestep.Lab;

/// <summary>The paths of the repository, its executables and the lab's own state.</summary>
internal static class LabPaths
{
    /// <summary>Contains a folder per run. It is in /run, so that a reboot, which ends the runs, also removes the
    /// folders.</summary>
    public const string Runs = "/run/sidestep-lab";

    public const string Namespaces = "/run/netns";

    public static string Repository { get; } = FindRepository();

    public static string Topologies => Path.Combine(Repository, "lab");

    public static string Failures => Path.Combine(Repository, "artifacts", "lab");

    /// <summary>The build of these sources, or the installed packages.</summary>
    public static DirectorBuild CurrentBuild { get; } = UsesPackages
        ? new DirectorBuild("/usr/sbin/sidestepd", "/usr/bin/sidestep") : BuildIn(Repository);

    /// <summary>True with <c>SIDESTEP_LAB_PROGRAMS=packages</c>: the lab runs what the Debian packages have
    /// installed.</summary>
    private static bool UsesPackages => Environment.GetEnvironmentVariable("SIDESTEP_LAB_PROGRAMS") switch
    {
        null or "" or "build" => false,
        "packages" => true,
        var other => throw new LabException(
            $"SIDESTEP_LAB_PROGRAMS is '{other}': the programs are those of the build or of the packages."),
    };

    /// <summary>The build of eng/other-layout.sh: the same sources with another layout of the tables.</summary>
    public static DirectorBuild OtherLayoutBuild { get; } = BuildIn(Path.Combine(Repository, "artifacts",
        "other-layout"));

    /// <summary>Another build, by its folder artifacts/bin.</summary>
    public static DirectorBuild BuildAt(string bin)
    {
        var build = ProgramsIn(Path.GetFullPath(bin));
        return File.Exists(build.Daemon) && File.Exists(build.Cli)
            ? build : throw new LabException(
                $"{build.Daemon} or {build.Cli} is missing: --from needs the folder artifacts/bin of a build.");
    }

    public static string Agent => UsesPackages ? "/usr/sbin/sidestep-agent"
        : Executable(Path.Combine(Repository, "artifacts", "bin"), "Sidestep.Agent", "sidestep-agent");

    /// <summary>The build of eng/other-version.sh: the same agent with another version number.</summary>
    public static string OtherVersionAgent =>
        Executable(Path.Combine(Repository, "artifacts", "other-version", "artifacts", "bin"), "Sidestep.Agent",
            "sidestep-agent");

    public static string Lab =>
        Environment.ProcessPath ?? throw new LabException("The path of this executable is unknown.");

    /// <summary>The folder for daemons' persistent state.</summary>
    public static string DaemonStateFolder => "/run/sidestep";

    /// <summary>The folder below bpffs in which a run pins programs and maps.</summary>
    public static string PinFolder(string runId) => $"/sys/fs/bpf/sidestep-lab-{runId}";

    private static DirectorBuild BuildIn(string tree)
        => ProgramsIn(Path.Combine(tree, "artifacts", "bin"));

    private static DirectorBuild ProgramsIn(string bin)
        => new(Executable(bin, "Sidestep.Daemon", "sidestepd"), Executable(bin, "Sidestep.Cli", "sidestep"));

    private static string Executable(string bin, string project, string name) =>
        Path.Combine(bin, project, Configuration, name);

    // The lab runs the product's build of its own configuration, such as release.
    private static string Configuration =>
        Path.GetFileName(Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory));

    private static string FindRepository()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Sidestep.slnx")))
                return folder.FullName;
        }
        throw new LabException(
            $"No Sidestep.slnx above {AppContext.BaseDirectory}: run sidestep-lab from its repository (./sidestep "
                + "lab).");
    }
}

/// <summary>The executables of one version of the director.</summary>
/// <param name="Daemon">Path of sidestepd.</param>
/// <param name="Cli">Path of sidestep.</param>
internal sealed record DirectorBuild(string Daemon, string Cli);
