using System.Globalization;
using Sidestep.Lab.Processes;

namespace Sidestep.Lab.Runs;

/// <summary>Removes everything that a run created: processes, namespaces (and thus interfaces, routes, programs), pins,
/// files.</summary>
internal static class Teardown
{
    /// <summary>Needs only the id and the record, so that it works for the regular end and for the cleanup after a
    /// crash.</summary>
    public static async Task RemoveAsync(string runId, IReadOnlyList<RecordedProcess> recorded)
    {
        // In reverse order of their start: the director ends before the servers that it forwards to.
        foreach (var node in recorded.Reverse().GroupBy(p => p.Node))
            await ProcessSignals.EndAsync([.. node.Select(p => p.Identity)]);

        var namespaces = Namespaces(runId);
        foreach (var name in namespaces)
            await ProcessSignals.EndAsync(await ProcessesInAsync(name));
        foreach (var name in namespaces)
            await SystemCommand.RunAsync(["ip", "netns", "delete", name], CancellationToken.None);

        DeleteFolder(LabPaths.PinFolder(runId));
        // The persistent state of the managed engine is large.
        foreach (var stateFile in Directory.Exists(LabPaths.DaemonStateFolder)
            ? Directory.GetFiles(LabPaths.DaemonStateFolder, $"*sidestep-lab-{runId}-*") : [])
            File.Delete(stateFile);
        DeleteFolder(Path.Combine(LabPaths.Runs, runId));
    }

    public static IReadOnlyList<string> Namespaces(string runId)
        => Directory.Exists(LabPaths.Namespaces)
            ? [.. Directory.GetFiles(LabPaths.Namespaces, $"{RunFolder.NamespacePrefix(runId)}*")
                .Select(p => Path.GetFileName(p))]
            : [];

    // The namespaces of a run contain only processes that the run started: children of recorded processes, shells, and
    // a process that the lab could not record before it was killed.
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
