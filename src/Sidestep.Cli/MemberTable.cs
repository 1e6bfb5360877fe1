using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using Sidestep.Api;
using Sidestep.Api.Status;
using Sidestep.Forwarding;

namespace Sidestep.Cli;

/// <summary>The directors and the agents of a group, for <c>sidestep get</c>. They are no objects of the configuration:
/// they register themselves.</summary>
internal static class MemberTable
{
    internal const string Directors = "directors", Agents = "agents";

    /// <summary>The kinds.</summary>
    internal static readonly ImmutableArray<string> Kinds = [Directors, Agents];

    /// <summary>Reads the members of a kind.</summary>
    /// <param name="client">A client of a director.</param>
    /// <param name="kind">One of <see cref="Kinds"/>.</param>
    /// <returns>Headers of the columns, the first of which is the name; their cells; the response as JSON.</returns>
    internal static async Task<(string[] Columns, ImmutableArray<string[]> Rows, JsonElement Json)> ReadAsync(
        DirectorClient client, string kind)
    {
        if (kind == Directors)
        {
            var directors = await client.GetDirectorsAsync(CancellationToken.None).ConfigureAwait(false);
            return (["director", "engine", "forwards", "problems", "version", "started"],
                [.. directors.Items.Select(Row)],
                JsonSerializer.SerializeToElement(directors, ApiJson.Default.DirectorList));
        }
        var agents = await client.GetAgentsAsync(CancellationToken.None).ConfigureAwait(false);
        return (AgentText.Columns, [.. agents.Items.Select(AgentText.Row)],
            JsonSerializer.SerializeToElement(agents, ApiJson.Default.AgentList));
    }

    private static string[] Row(DirectorRecord director) =>
    [
        director.Name, CounterName.Of(director.Engine), director.IsForwarding ? "yes" : "no",
        director.Problems.ToString(CultureInfo.InvariantCulture), director.Version ?? "",
        director.Started?.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture) ?? "",
    ];
}
