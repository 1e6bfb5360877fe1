using System.Text.Json;
using Sidestep.Lab.Processes;

namespace Sidestep.Lab.Scenarios;

/// <summary>What `sidestep status --json` says, as far as the lab compares it with what it has seen itself.</summary>
internal sealed record SidestepStatus(string? Mode, long Packets)
{
    public static async Task<SidestepStatus> AskAsync(LabRun run, CancellationToken cancel)
    {
        var director = run.Folder.Namespace(run.Topology.Director.Node);
        var text = await Tool.RunAsync(director.Enter([Places.Cli, "status", "--config", run.DirectorConfiguration, "--json"]), cancel);
        try
        {
            using var json = JsonDocument.Parse(text);
            var packets = json.RootElement.GetProperty("services").EnumerateArray().Sum(s => s.GetProperty("packets").GetInt64());
            var mode = json.RootElement.GetProperty("interfaces").EnumerateArray().First().GetProperty("mode").GetString();
            return new SidestepStatus(mode, packets);
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            throw new LabException($"`sidestep status --json` did not print what was expected ({e.Message}): {text}", e);
        }
    }
}
