using System.Text.Json;
using Sidestep.Lab.Processes;
using Sidestep.Lab.Topologies;

namespace Sidestep.Lab.Traffic;

/// <summary>Finds the server of each client address, by datagrams ("who") through the director.</summary>
internal static class AssignmentProbe
{
    public static async Task<IReadOnlyDictionary<string,
        string>> ProbeAsync(LabRun run, IEnumerable<string> sources, CancellationToken cancel)
    {
        var topology = run.Topology;
        var command = run.Folder.Namespace(topology.Clients.Node).Enter(
            [LabPaths.Lab, "traffic", "who", .. topology.Vips.SelectMany(v => (string[])["--vip", v]),
                .. sources.SelectMany(s => (string[])["--source", s])]);
        var output = await SystemCommand.RunAsync(command, cancel);
        return JsonSerializer.Deserialize<Dictionary<string, string>>(output)!;
    }

    /// <summary>All client addresses, as the topology writes them.</summary>
    public static Task<IReadOnlyDictionary<string, string>> ProbeAllAsync(LabRun run, CancellationToken cancel)
        => ProbeAsync(run, Sources(run.Topology), cancel);

    public static IReadOnlyList<string> Sources(Topology topology) =>
        topology.Node(topology.Clients.Node).Addresses[topology.Clients.Interface];
}
