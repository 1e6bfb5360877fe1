using System.Text.Json;
using Sidestep.Lab.Processes;

namespace Sidestep.Lab.Scenarios;

/// <summary>The part of `sidestep status --json` that the lab needs: to compare it with what the lab itself has seen,
/// and to know, as an operator would, that a change is in force.</summary>
/// <param name="Revision">Revision of the tables.</param>
/// <param name="Engine">The engine that forwards: xdp or managed.</param>
/// <param name="Driver">The driver of the first interface.</param>
/// <param name="Packets">Packets of all services.</param>
/// <param name="Services">Names of all services.</param>
/// <param name="ServicesWithoutServer">Names of the services that no server takes traffic for.</param>
/// <param name="Servers">The servers of all pools, by name.</param>
/// <param name="EvictedFlows">Flows that the director evicted from a full flow table.</param>
/// <param name="DaemonProcessId">Process id of the daemon whose configuration is in force; null while none runs, or one
/// starts.</param>
/// <param name="Notes">What the daemon reports about its start.</param>
internal sealed record SidestepStatus(
    long Revision,
    string? Engine,
    string? Driver,
    long Packets,
    IReadOnlyCollection<string> Services,
    IReadOnlyCollection<string> ServicesWithoutServer,
    IReadOnlyDictionary<string, ServerStatus> Servers,
    long EvictedFlows,
    int? DaemonProcessId,
    IReadOnlyCollection<string> Notes)
{
    /// <summary>Fails when there is no such director.</summary>
    public static async Task<SidestepStatus> QueryAsync(LabRun run, CancellationToken cancel)
        => Parse(await SystemCommand.RunAsync(Command(run), cancel));

    /// <summary>The JSON text of `sidestep status --json`, unparsed.</summary>
    public static Task<string> TextAsync(LabRun run, CancellationToken cancel) =>
        SystemCommand.RunAsync(Command(run), cancel);

    /// <summary>For polls: without a process while a daemon of this version listens.</summary>
    /// <returns>Null while there is no such director, or it is attached to no interface.</returns>
    public static async Task<SidestepStatus?> TryQueryAsync(LabRun run, CancellationToken cancel)
    {
        if (run.DaemonSocket is { } socket && await DaemonSocket.TryGetStatusAsync(socket, cancel) is { } text
            && TryParse(text) is { } status)
            return status;
        return await SystemCommand.TryRunAsync(Command(run), cancel) is { ExitCode: 0, Output: var output }
            ? Parse(output) : null;
    }

    private static IReadOnlyList<string> Command(LabRun run)
        => run.Folder.Namespace(run.Topology.Director.Node)
            .Enter([run.Build.Cli, "status", "--config", run.DirectorConfiguration, "--json"]);

    /// <returns>Null: a daemon of an earlier version answered in its own form, or no interface is attached.</returns>
    private static SidestepStatus? TryParse(string text)
    {
        try
        {
            return Parse(text);
        }
        catch (LabException)
        {
            return null;
        }
    }

    /// <param name="text">The JSON object that `sidestep status --json` printed.</param>
    internal static SidestepStatus Parse(string text)
    {
        try
        {
            using var json = JsonDocument.Parse(text);
            var root = json.RootElement;
            var services = root.GetProperty("services").EnumerateArray().ToArray();
            return new SidestepStatus(
                root.GetProperty("revision").GetInt64(),
                root.GetProperty("engine").GetString(),
                root.GetProperty("interfaces").EnumerateArray().First().GetProperty("driver").GetString(),
                services.Sum(s => s.GetProperty("packets").GetInt64()),
                [.. services.Select(Name)],
                [.. services.Where(s => !s.GetProperty("hasServers").GetBoolean()).Select(Name)],
                root.GetProperty("pools").EnumerateArray()
                    .SelectMany(p => p.GetProperty("servers").EnumerateArray())
                    .GroupBy(Name)
                    .ToDictionary(g => g.Key, g => ServerOf([.. g], ErrorOf(root.GetProperty("health"), g.Key))),
                root.TryGetProperty("evicted", out var evicted) ? evicted.GetProperty("flows").GetInt64() : 0,
                DaemonProcessIdOf(root.GetProperty("daemon")),
                [.. root.GetProperty("daemon").GetProperty("notes").EnumerateArray().Select(n => n.GetString()!)]);
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            throw new LabException($"`sidestep status --json` did not print what was expected ({e.Message}): {text}",
                e);
        }
    }

    private static int? DaemonProcessIdOf(JsonElement daemon)
        => daemon.GetProperty("running").GetBoolean() && !daemon.GetProperty("starting").GetBoolean()
            ? daemon.GetProperty("processId").GetInt32() : null;

    // A pool that is reached by several encapsulations lists its servers once for each.
    private static ServerStatus ServerOf(IReadOnlyList<JsonElement> entries, string? error) => new(
        entries[0].GetProperty("weight").GetInt32(),
        entries.Min(e => e.GetProperty("slots").GetInt32()),
        entries.MinBy(e => e.GetProperty("slots").GetInt32()).GetProperty("state").GetString()!,
        entries.Sum(e => e.GetProperty("flows").GetInt64()),
        error);

    private static string? ErrorOf(JsonElement health, string server) => health.ValueKind != JsonValueKind.Object ? null
        : health.GetProperty("servers").EnumerateArray().Where(s => Name(s) == server)
            .Select(s => s.GetProperty("error").GetString())
            .FirstOrDefault(e => e is not null);

    private static string Name(JsonElement named) => named.GetProperty("name").GetString()!;
}

/// <param name="Weight">Its weight in the configuration that is in force.</param>
/// <param name="Slots">Slots in the group in which it has the fewest.</param>
/// <param name="State">Its state in that group: serving, draining, disabled, failed or unresolved.</param>
/// <param name="TrackedFlows">Flows that the director tracks for it.</param>
/// <param name="Error">The last error of a monitor; null when there was none.</param>
internal sealed record ServerStatus(int Weight, int Slots, string State, long TrackedFlows, string? Error);
