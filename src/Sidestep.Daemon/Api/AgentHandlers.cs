using System.Globalization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Sidestep.Api;
using Sidestep.Control.Agents;
using Sidestep.Daemon.Api.Access;
using Sidestep.Model;

namespace Sidestep.Daemon.Api;

/// <summary>Handles requests of agents. The policy of the endpoints guarantees that an agent acts for its own server
/// only.</summary>
/// <param name="agents">The specs for agents and the reports of agents.</param>
internal sealed class AgentHandlers(AgentRegistry agents)
{
    /// <summary>The most errors of a report that the answer names.</summary>
    private const int MostProblems = 20;

    /// <summary>Sends the server's spec, when it is another one than the client has (long polling).</summary>
    internal async Task SendSpecAsync(HttpContext context)
    {
        var server = ServerOf(context);
        if (!agents.Knows(server))
            throw NoSuchServer(server);
        long? after = null;
        if (context.Request.Query["after"].ToString() is { Length: > 0 } text)
        {
            after = long.TryParse(text, NumberStyles.Integer, CultureInfo.InvariantCulture, out var number) ? number
                : throw new HttpStatusException(StatusCodes.Status400BadRequest, "no such revision",
                $"after={text} is not a number");
        }
        if (await agents.GetSpecAsync(server, after, ApiPaths.LongestPoll, context.RequestAborted)
            .ConfigureAwait(false) is { } spec)
            await ApiBodies.WriteAsync(context, spec, ApiJson.Default.ServerSpec).ConfigureAwait(false);
        else
            context.Response.StatusCode = StatusCodes.Status304NotModified;
    }

    /// <summary>Takes a report.</summary>
    internal async Task ReceiveReportAsync(HttpContext context)
    {
        var server = ServerOf(context);
        var report = ReportValidation.Complete(
            await ApiBodies.ReadAsync(context, ApiJson.Default.AgentReport).ConfigureAwait(false), out var problems);
        if (problems.Count > 0)
        {
            throw new HttpStatusException(StatusCodes.Status400BadRequest, "invalid report",
                string.Join("; ", problems.Take(MostProblems)));
        }
        await ApiBodies.WriteAsync(context, agents.Report(server, report) ?? throw NoSuchServer(server),
            ApiJson.Default.ReportResponse).ConfigureAwait(false);
    }

    /// <summary>Drains the server, or ends its drain.</summary>
    internal async Task DrainAsync(HttpContext context)
    {
        var server = ServerOf(context);
        var request = await ApiBodies.ReadAsync(context, ApiJson.Default.DrainRequest).ConfigureAwait(false);
        if (request.State is not (AdminStates.Enabled or AdminStates.Draining))
        {
            throw new HttpStatusException(StatusCodes.Status400BadRequest, "no such state",
                $"'{request.State}' is neither enabled nor draining");
        }
        if (!agents.SetAdminState(server, request))
            throw NoSuchServer(server);
        context.Response.StatusCode = StatusCodes.Status204NoContent;
    }

    private static RealServerKey ServerOf(HttpContext context) =>
        RealServerKey.InDefault((string)context.GetRouteValue(ApiPolicies.ServerParameter)!);

    private static HttpStatusException NoSuchServer(RealServerKey server) =>
        new(StatusCodes.Status404NotFound, "no such server",
        $"no real server of this director has the name or address '{server}': "
        + "add it to a pool, or give the agent the certificate of a server in a pool");
}
