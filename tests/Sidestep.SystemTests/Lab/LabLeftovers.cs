using System.Globalization;
using System.Text.Json;

namespace Sidestep.SystemTests.Lab;

/// <summary>What a run of the lab leaves on a machine, found without the lab's code.</summary>
internal static class LabLeftovers
{
    public static IReadOnlyList<string> Of(string runId)
        => [.. Namespaces(runId),
            .. new[] { Folder(runId), $"/sys/fs/bpf/sidestep-lab-{runId}" }.Where(Directory.Exists)];

    public static IReadOnlyList<string> Namespaces(string runId)
        => Directory.Exists("/run/netns") ? Directory.GetFiles("/run/netns", $"ss-{runId}-*") : [];

    /// <summary>The ids of the recorded processes of the run that still run.</summary>
    public static IReadOnlyList<int> Processes(string runId)
    {
        using var record = JsonDocument.Parse(File.ReadAllText(Path.Combine(Folder(runId), "run.json")));
        return [.. record.RootElement.GetProperty("processes").EnumerateArray()
            .Select(p => p.GetProperty("identity").GetProperty("id").GetInt32())
            .Where(IsAlive)];
    }

    // A process that has ended remains as a zombie (Z) until its parent reads its exit code.
    public static bool IsAlive(int id)
    {
        var status = $"/proc/{id.ToString(CultureInfo.InvariantCulture)}/status";
        try
        {
            return File.ReadLines(status).First(l => l.StartsWith("State:", StringComparison.Ordinal)) is var state
                && !state.Contains('Z', StringComparison.Ordinal);
        }
        catch (IOException)
        {
            return false;
        }
    }

    private static string Folder(string runId) => $"/run/sidestep-lab/{runId}";
}
