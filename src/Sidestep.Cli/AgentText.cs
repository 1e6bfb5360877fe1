using System.Globalization;
using Sidestep.Api;
using Sidestep.Api.Status;
using Spectre.Console;

namespace Sidestep.Cli;

/// <summary>Writes the agents of real servers, for people: a table, and a line for each condition that is wrong or
/// worth a note. Nothing while no agent has reported.</summary>
internal static class AgentText
{
    /// <summary>The most lines about conditions; the JSON form has all.</summary>
    private const int MaxConditions = 50;

    /// <summary>The columns of the table.</summary>
    internal static string[] Columns =>
        ["agent", "connection", "real server is", "admin state", "last report", "version"];

    /// <summary>The row of an agent.</summary>
    internal static string[] Row(AgentStatus agent) =>
    [
        agent.Server, ConnectionOf(agent), HealthOf(agent), agent.AdminState,
        agent.LastReport is { } time ? time.ToLocalTime().ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture)
            : "never",
        agent.Version ?? "",
    ];

    internal static void Write(IAnsiConsole console, IReadOnlyCollection<AgentStatus> agents)
    {
        if (agents.All(static a => a.LastReport is null))
            return;
        var table = new ReportTable(Columns);
        foreach (var agent in agents)
            table.AddRow(Row(agent));
        table.Write(console);
        var lines = agents.SelectMany(static a => a.Conditions.Select(c => LineOf(a.Server, c))).ToArray();
        foreach (var line in lines.Take(MaxConditions))
            console.WriteLine(line);
        if (lines.Length > MaxConditions)
            console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"and {lines.Length - MaxConditions} more conditions; --json shows all"));
        if (lines.Length > 0)
            console.WriteLine();
    }

    private static string ConnectionOf(AgentStatus agent) =>
        agent.Connected ? "connected" : agent.LastReport is null ? "none" : "silent";

    private static string HealthOf(AgentStatus agent) =>
        agent.LastReport is null ? "unknown" : agent.Healthy ? "healthy" : "unhealthy";

    private static string LineOf(string server, Condition condition)
    {
        var subject = condition.Subject.Length > 0 ? $" {condition.Subject}" : "";
        var severity = condition.Status == ConditionStatus.Note ? "note: " : "";
        var remedy = condition.Remedy.Length > 0 ? $". {condition.Remedy}" : "";
        return $"agent of {server}: {severity}{condition.Name}{subject}: {condition.Found}, expected "
            + $"{condition.Expected}{remedy}";
    }
}
