using System.Globalization;
using Sidestep.Lab.Processes;

namespace Sidestep.Lab.Runs;

/// <summary>Removes everything that a run made: processes, namespaces (and with them interfaces, routes, programs), pins, files.</summary>
internal static class Teardown
{
    /// <summary>Works from the id and the record alone, so that it serves an orderly end and the cleaning after a crash alike.</summary>
    public static async Task RemoveAsync(string runId, IReadOnlyList<RecordedProcess> recorded)
    {
        // Last started, first ended: the director leaves before the servers it forwards to.
        foreach (var node in recorded.Reverse().GroupBy(p => p.Node))
            await ProcessSignals.EndAsync([.. node.Select(p => p.Identity)]);

        var namespaces = Namespaces(runId);
        foreach (var name in namespaces)
            await ProcessSignals.EndAsync(await ProcessesInAsync(name));
        foreach (var name in namespaces)
            await SystemCommand.RunAsync(["ip", "netns", "delete", name], CancellationToken.None);

        DeleteFolder(LabPaths.PinFolder(runId));
        // What a daemon of the managed engine remembered is large.
        foreach (var stateFile in Directory.Exists(LabPaths.DaemonStateFolder) ? Directory.GetFiles(LabPaths.DaemonStateFolder, $"*sidestep-lab-{runId}-*") : [])
            File.Delete(stateFile);
        DeleteFolder(Path.Combine(LabPaths.Runs, runId));
    }

    public static IReadOnlyList<string> Namespaces(string runId)
        => Directory.Exists(LabPaths.Namespaces)
            ? [.. Directory.GetFiles(LabPaths.Namespaces, $"{RunFolder.NamespacePrefix(runId)}*").Select(p => Path.GetFileName(p))]
            : [];

    // Namespaces of a run hold nothing but what the run started: children of recorded processes, shells, and a process
    // whose lab was killed between starting and recording it.
    private static async Task<IReadOnlyCollection<ProcessIdentity>> ProcessesInAsync(string ns)
    {
        var listed = await SystemCommand.RunAsync(["ip", "netns", "pids", ns], CancellationToken.None);
        return [.. listed.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => ProcessIdentity.Of(int.Parse(line, CultureInfo.InvariantCulture)))
            .OfType<ProcessIdentity>()];
    }

    private static void DeleteFolder(string path)
    {
        if (Directory.Exists(path))
            Directory.Delete(path, recursive: true);
    }
}
