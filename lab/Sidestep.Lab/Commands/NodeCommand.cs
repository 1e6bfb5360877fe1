using System.Diagnostics;
using Sidestep.Lab.Runs;
using Sidestep.Lab.Topologies;

namespace Sidestep.Lab.Commands;

/// <summary>Runs a program in a node of a topology that is up, with the terminal.</summary>
internal static class NodeCommand
{
    public static Task<int> ShellAsync(string? runId, string node)
    {
        var (run, _) = Find(runId, node);
        ConsoleLog.Progress(
            $"a shell in {node} of run {run.Id} ({run.Record.Topology}); files and logs are in {run.NodeFolder(node)}");
        return HandOverAsync(run, node, ["env", $"debian_chroot={node}", "bash", "-i"]);
    }

    public static Task<int> CaptureAsync(string? runId, string node, string? device, string? file, string[] filter)
    {
        var (run, topology) = Find(runId, node);
        device ??= FirstInterface(topology, node);
        // A relative path belongs to the folder in which the user gave the command.
        string[] output = file is null ? ["-e", "-l"] : ["-w", Path.GetFullPath(file)];
        if (node == topology.Director.Node)
            ConsoleLog.Progress(
                "the director's own interface does not show frames that XDP sends; capture at the other end: "
                    + $"{topology.Director.Port.Replace(":", " --interface ", StringComparison.Ordinal)}");
        return HandOverAsync(run, node, ["tcpdump", "-n", "-p", "-Z", "root", "-i", device, .. output, .. filter]);
    }

    private static (RunFolder Run, Topology Topology) Find(string? runId, string node)
    {
        var run = RunCatalog.Choose(runId);
        var topology = TopologyReader.Read(run.Record.Topology);
        topology.Node(node);
        return (run, topology);
    }

    private static string FirstInterface(Topology topology, string node)
        => topology.Links.SelectMany(l => l.Ends).Select(LinkEnd.Parse).Where(e => e.Node == node)
            .Select(e => e.Interface).FirstOrDefault()
            ?? throw new LabException($"{node} has no interface.");

    private static async Task<int> HandOverAsync(RunFolder run, string node, IReadOnlyList<string> command)
    {
        // Ctrl-C is for the program in the node; the lab only waits for it.
        using var shutdown = new ShutdownSignal();
        var entered = run.Namespace(node).Enter(command);
        var start = new ProcessStartInfo(entered[0]) { UseShellExecute = false };
        foreach (var argument in entered.Skip(1))
            start.ArgumentList.Add(argument);
        using var process = Process.Start(start)!;
        await process.WaitForExitAsync(CancellationToken.None);
        return process.ExitCode;
    }
}
