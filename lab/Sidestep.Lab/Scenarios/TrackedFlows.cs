using System.Text.Json;
using Sidestep.Lab.Processes;

namespace Sidestep.Lab.Scenarios;

/// <summary>The flows that a director tracks, as `sidestep flows` lists them.</summary>
/// <param name="IdleByFlow">The key names protocol, client, VIP and server; the value is the time since the last
/// packet.</param>
internal sealed record TrackedFlows(IReadOnlyDictionary<string, TimeSpan> IdleByFlow)
{
    public static async Task<TrackedFlows> QueryAsync(LabRun run, CancellationToken cancel)
        => Parse(await SystemCommand.RunAsync(
            run.Folder.Namespace(run.Topology.Director.Node)
                .Enter([run.Build.Cli, "flows", "--config", run.DirectorConfiguration, "--list", "--json"]),
            cancel));

    /// <summary>The flows that are missing later although they had no time to expire.</summary>
    /// <param name="later">The flows of a later moment.</param>
    /// <param name="elapsed">How much later.</param>
    /// <param name="idleTimeout">The shortest idle timeout of the director's profiles.</param>
    public IReadOnlyList<string> LostIn(TrackedFlows later, TimeSpan elapsed, TimeSpan idleTimeout)
        => [.. IdleByFlow.Where(f => f.Value + elapsed < idleTimeout && !later.IdleByFlow.ContainsKey(f.Key))
            .Select(f => f.Key)];

    /// <param name="text">The JSON object that `sidestep flows --list --json` printed.</param>
    internal static TrackedFlows Parse(string text)
    {
        using var json = JsonDocument.Parse(text);
        return new TrackedFlows(json.RootElement.GetProperty("list").EnumerateArray().ToDictionary(
            f => $"{Text(f, "protocol")} {Text(f, "client")} {f.GetProperty("clientPort")} -> {Text(f, "vip")} "
                + $"{f.GetProperty("vipPort")}"
                + $" at {Text(f, "pool")} {Text(f, "server")}",
            f => TimeSpan.FromSeconds(f.GetProperty("idleSeconds").GetDouble())));
    }

    private static string Text(JsonElement flow, string field) => flow.GetProperty(field).GetString()!;
}

/// <summary>How a daemon took over from one of an earlier release.</summary>
/// <param name="TrackedFlows">Flows that the earlier daemon tracked when it ended.</param>
/// <param name="TrackedAfter">Flows that the director tracks under the new daemon.</param>
/// <param name="Lost">Flows that are missing although they had no time to expire.</param>
internal sealed record TakeOver(int TrackedFlows, int TrackedAfter, int Lost);
