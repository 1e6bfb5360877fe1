using System.Globalization;
using Sidestep.Api.Status;
using Spectre.Console;

namespace Sidestep.Cli;

/// <summary>Writes what is wrong with real servers, for people: one line each, and nothing if all are
/// healthy.</summary>
internal static class HealthText
{
    /// <summary>Probes that start later than this are reported.</summary>
    private const double LateMilliseconds = 500;

    /// <summary>The most lines about servers; the JSON form has all.</summary>
    private const int MostServers = 50;

    internal static void Write(IAnsiConsole console, HealthReport? health)
    {
        if (health is null)
            return;
        var lines = health.Servers.SelectMany(LinesOf).ToArray();
        foreach (var line in lines.Take(MostServers))
            console.WriteLine(line);
        if (lines.Length > MostServers)
            console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"and {lines.Length - MostServers} more lines; --json shows all"));
        if (health.Probes.Late.P99 > LateMilliseconds)
            console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"probes are late: 1 of 100 by more than {health.Probes.Late.P99:0} ms. There are "
                + $"{health.Probes.Checks} checks: give monitors longer intervals"));
        if (lines.Length > 0)
            console.WriteLine();
    }

    private static IEnumerable<string> LinesOf(ServerHealthReport server)
    {
        var label = $"{server.Name} of {server.Pool}/{server.Encap}";
        var since = server.Since is { } time
            ? string.Create(CultureInfo.InvariantCulture, $" since {time.ToLocalTime():yyyy-MM-dd HH:mm:ss}") : "";
        if (server.WaitsForAgent)
            yield return $"{label}: its monitors are up; it waits for its agent to report it healthy";
        else if (!server.Healthy)
            yield return $"{label}: down{since}: {server.Error ?? "not verified yet"}";
        else if (server.Service == HealthStatus.Down)
            yield return $"{label}: its own address does not respond: {server.Error}";
        if (server.MtuProblem is { } mtu)
            yield return $"{label}: {mtu}";
        foreach (var signal in server.PassiveSignals)
            yield return $"{label}: passive signal: {signal}";
    }
}
