using System.Text.Json;
using Sidestep.Lab.Processes;
using Sidestep.Lab.Topologies;

namespace Sidestep.Lab.Traffic;

/// <summary>Which server each client address is served by, asked through the director with datagrams ("who").</summary>
internal static class ServerMap
{
    public static async Task<IReadOnlyDictionary<string, string>> AskAsync(LabRun run, IEnumerable<string> sources, CancellationToken cancel)
    {
        var topology = run.Topology;
        var command = run.Folder.Namespace(topology.Clients.Node).Enter(
            [Places.Lab, "traffic", "who", .. topology.Vips.SelectMany(v => (string[])["--vip", v]), .. sources.SelectMany(s => (string[])["--source", s])]);
        var answer = await Tool.RunAsync(command, cancel);
        return JsonSerializer.Deserialize<Dictionary<string, string>>(answer)!;
    }

    /// <summary>All client addresses, as the topology writes them.</summary>
    public static Task<IReadOnlyDictionary<string, string>> AskAllAsync(LabRun run, CancellationToken cancel)
        => AskAsync(run, Sources(run.Topology), cancel);

    public static IReadOnlyList<string> Sources(Topology topology) => topology.Node(topology.Clients.Node).Addresses[topology.Clients.Interface];
}
