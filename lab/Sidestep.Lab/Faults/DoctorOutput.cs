using System.Diagnostics;
using System.Text.Json;
using Sidestep.Lab.Processes;

namespace Sidestep.Lab.Faults;

/// <summary>The part of `sidestep doctor --json` that the lab compares.</summary>
/// <param name="Diagnoses">In the doctor's order.</param>
/// <param name="Servers">Number of servers that the doctor checked.</param>
/// <param name="Agents">Number of those servers whose agents report.</param>
/// <param name="Seconds">Duration of the command.</param>
internal sealed record DoctorOutput(IReadOnlyList<DoctorDiagnosis> Diagnoses, int Servers, int Agents, double Seconds)
{
    public static async Task<DoctorOutput> RunAsync(LabRun run, CancellationToken cancel)
    {
        var command = run.Folder.Namespace(run.Topology.Director.Node)
            .Enter([run.Build.Cli, "doctor", "--config", run.DirectorConfiguration, "--json"]);
        var watch = Stopwatch.StartNew();
        var result = await SystemCommand.TryRunAsync(command, cancel);
        if (result.ExitCode is not (0 or 1))
            throw new LabException($"`sidestep doctor` ended with {result.ExitCode}: {result.Errors.Trim()}");
        using var json = JsonDocument.Parse(result.Output);
        var root = json.RootElement;
        var view = new DoctorOutput(
            [.. root.GetProperty("diagnoses").EnumerateArray().Select(Of)],
            root.GetProperty("checked").GetProperty("servers").GetInt32(), root.GetProperty("checked")
                .GetProperty("agents").GetInt32(),
            Math.Round(watch.Elapsed.TotalSeconds, 2));
        return view.Diagnoses.Count > 0 == (result.ExitCode == 1) ? view
            : throw new LabException(
                $"`sidestep doctor` found {view.Diagnoses.Count} diagnoses and ended with {result.ExitCode}.");
    }

    private static DoctorDiagnosis Of(JsonElement d) => new(
        d.GetProperty("name").GetString()!,
        d.TryGetProperty("server", out var server) ? server.GetString() : null,
        d.GetProperty("summary").GetString()!,
        [.. d.GetProperty("evidence").EnumerateArray().Select(e => e.GetString()!)],
        d.GetProperty("remedy").GetString()!);
}

/// <summary>One diagnosis of <c>sidestep doctor --json</c>.</summary>
internal sealed record DoctorDiagnosis(string Name, string? Server, string Summary, IReadOnlyList<string> Evidence,
    string Remedy)
{
    public bool Is(Fault fault) => Name == fault.Expect && (Server ?? "") == fault.Server;

    public override string ToString() => Server is null ? Name : $"{Name} ({Server})";
}
