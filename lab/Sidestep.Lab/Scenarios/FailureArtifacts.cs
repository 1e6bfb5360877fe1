using Sidestep.Lab.Topologies;

namespace Sidestep.Lab.Scenarios;

/// <summary>Keeps logs, configuration and captures of a failed run: per topology, those of the last one.</summary>
internal static class FailureArtifacts
{
    public static string FolderFor(Topology topology) => Path.Combine(LabPaths.Failures, $"failed-{topology.Name}");

    public static void Save(LabRun run, Action<string> log)
    {
        var target = FolderFor(run.Topology);
        if (Directory.Exists(target))
            Directory.Delete(target, recursive: true);
        foreach (var file in Directory.EnumerateFiles(run.Folder.Root, "*", SearchOption.AllDirectories))
        {
            // A socket cannot be copied.
            if (file.EndsWith(".sock", StringComparison.Ordinal))
                continue;
            var copy = Path.Combine(target, Path.GetRelativePath(run.Folder.Root, file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(file, copy);
        }
        log($"logs and captures of this run are in {target}");
    }
}
