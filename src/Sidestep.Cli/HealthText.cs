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
        var lines = health.Servers.GroupBy(static s => (s.Pool, s.Encap, s.Name)).SelectMany(LinesOf).ToArray();
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

    /// <summary>What is wrong at the server's own address: it does not respond, or it responds wrongly.</summary>
    private static string OwnAddressFault(ServerHealthReport server)
    {
        var check = server.Checks.Where(static c => c is { ProbePath: "server", Status: HealthStatus.Down })
            .MaxBy(static c => c.ErrorAt);
        return check is null ? $"its own address does not respond: {server.Error}"
            : $"its own address {(check.Responds ? "responds wrongly" : "does not respond")}: "
                + $"{check.Monitor}, {check.Target}: {check.Error}";
    }

    /// <summary>The first of several checks, with the number of the others.</summary>
    private static string Listed(HealthCheckReport[] checks) =>
        $"{checks[0].Monitor}, {checks[0].Target}: {checks[0].Error}"
        + (checks.Length > 1
            ? string.Create(CultureInfo.InvariantCulture, $", and {checks.Length - 1} more checks") : "");

    /// <summary>The lines about one server: about each service that has a verdict of its own, then about the server
    /// itself.</summary>
    private static IEnumerable<string> LinesOf(IEnumerable<ServerHealthReport> server)
    {
        ServerHealthReport[] verdicts = [.. server];
        foreach (var verdict in verdicts)
        {
            var label = LabelOf(verdict) + (verdicts.Length > 1 ? $" for {verdict.OfService}" : "");
            foreach (var line in VerdictLines(label, verdict))
                yield return line;
        }
        var first = verdicts[0];
        if (first.MtuProblem is { } mtu)
            yield return $"{LabelOf(first)}: {mtu}";
        foreach (var signal in first.PassiveSignals)
            yield return $"{LabelOf(first)}: passive signal: {signal}";
    }

    private static string LabelOf(ServerHealthReport server) => $"{server.Name} of {server.Pool}/{server.Encap}";

    private static IEnumerable<string> VerdictLines(string label, ServerHealthReport server)
    {
        var since = server.Since is { } time
            ? string.Create(CultureInfo.InvariantCulture, $" since {time.ToLocalTime():yyyy-MM-dd HH:mm:ss}") : "";
        if (server.WaitsForAgent)
            yield return $"{label}: its monitors are up; it waits for its agent to report it healthy";
        else if (!server.Healthy)
        {
            var serves = server.ServesInPanic ? ", but it gets new flows, because too few others are healthy" : "";
            yield return $"{label}: down{since}{serves}: {server.Error ?? "not verified yet"}";
        }
        else if (server.Service == HealthStatus.Down)
            yield return $"{label}: {OwnAddressFault(server)}";
        var unproven = server.Checks.Where(static c => c.Unproven).ToArray();
        if (server.Healthy && unproven.Length > 0)
            yield return $"{label}: never up here: {Listed(unproven)}";
    }
}
