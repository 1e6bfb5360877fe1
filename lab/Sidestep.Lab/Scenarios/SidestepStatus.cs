using System.Text.Json;
using Sidestep.Lab.Processes;

namespace Sidestep.Lab.Scenarios;

/// <summary>What `sidestep status --json` says, as far as the lab needs it: to compare it with what it has seen itself, and to
/// know, as an operator would, that a change is in force.</summary>
/// <param name="Revision">Of the tables.</param>
/// <param name="Engine">What forwards.</param>
/// <param name="Driver">Of the first interface.</param>
/// <param name="Packets">Of all services.</param>
/// <param name="Services">Their names.</param>
/// <param name="Servers">Of all pools, by name.</param>
/// <param name="DaemonProcessId">Process id of the daemon whose configuration is in force; null while none runs, or one starts.</param>
/// <param name="Notes">What the daemon says of how it came up.</param>
internal sealed record SidestepStatus(
    long Revision, string? Engine, string? Driver, long Packets, IReadOnlyCollection<string> Services, IReadOnlyDictionary<string, ServerStatus> Servers,
    int? DaemonProcessId, IReadOnlyCollection<string> Notes)
{
    public static async Task<SidestepStatus> QueryAsync(LabRun run, CancellationToken cancel)
        => Parse(await SystemCommand.RunAsync(Command(run), cancel));

    /// <summary>All that it prints.</summary>
    public static Task<string> TextAsync(LabRun run, CancellationToken cancel) => SystemCommand.RunAsync(Command(run), cancel);

    /// <returns>Null while there is no such director, or it is attached nowhere.</returns>
    public static async Task<SidestepStatus?> TryQueryAsync(LabRun run, CancellationToken cancel)
        => await SystemCommand.TryRunAsync(Command(run), cancel) is { ExitCode: 0, Output: var text } ? Parse(text) : null;

    private static IReadOnlyList<string> Command(LabRun run)
        => run.Folder.Namespace(run.Topology.Director.Node).Enter([run.Build.Cli, "status", "--config", run.DirectorConfiguration, "--json"]);

    private static SidestepStatus Parse(string text)
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
                root.GetProperty("pools").EnumerateArray()
                    .SelectMany(p => p.GetProperty("servers").EnumerateArray())
                    .GroupBy(Name)
                    .ToDictionary(g => g.Key, g => ServerOf([.. g])),
                DaemonProcessIdOf(root.GetProperty("daemon")),
                [.. root.GetProperty("daemon").GetProperty("notes").EnumerateArray().Select(n => n.GetString()!)]);
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            throw new LabException($"`sidestep status --json` did not print what was expected ({e.Message}): {text}", e);
        }
    }

    private static int? DaemonProcessIdOf(JsonElement daemon)
        => daemon.GetProperty("running").GetBoolean() && !daemon.GetProperty("starting").GetBoolean() ? daemon.GetProperty("processId").GetInt32() : null;

    // A pool that is reached in several ways lists its servers once for each.
    private static ServerStatus ServerOf(IReadOnlyList<JsonElement> entries)
        => new(entries[0].GetProperty("weight").GetInt32(), entries.Min(e => e.GetProperty("slots").GetInt32()));

    private static string Name(JsonElement named) => named.GetProperty("name").GetString()!;
}

/// <param name="Slots">Of the group in which it has the fewest.</param>
internal sealed record ServerStatus(int Weight, int Slots);
