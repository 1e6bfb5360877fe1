using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Sidestep.Api;
using Sidestep.Api.Configurations;
using Sidestep.Api.Events;
using Sidestep.Api.Status;
using Sidestep.Daemon.Api.Rest;

namespace Sidestep.Daemon.Api;

/// <summary>Handles short requests of the command line on this machine.</summary>
/// <param name="status">Reads the status of the director.</param>
/// <param name="diagnose">Runs a diagnosis.</param>
/// <param name="events">Reads the latest events.</param>
/// <param name="revisions">Reads the latest revisions of the configuration.</param>
internal sealed class LocalHandlers(Func<DirectorStatus> status, Func<DoctorRequest, CancellationToken,
    Task<DoctorReport>> diagnose, Func<EventsReport> events, Func<RevisionsReport> revisions)
{
    internal Task GetStatusAsync(HttpContext context) =>
        ApiBodies.WriteAsync(context, status(), ApiJson.Default.DirectorStatus);

    internal Task ListDirectorsAsync(HttpContext context)
    {
        QueryParameters.RequireKnown(context);
        return ApiBodies.WriteAsync(context, new DirectorList([DirectorRecord.Of(status())]),
            ApiJson.Default.DirectorList);
    }

    internal Task ListAgentsAsync(HttpContext context)
    {
        QueryParameters.RequireKnown(context);
        return ApiBodies.WriteAsync(context, new AgentList(status().Agents), ApiJson.Default.AgentList);
    }

    internal Task GetAgentAsync(HttpContext context)
    {
        QueryParameters.RequireKnown(context);
        string name = (string)context.GetRouteValue(ObjectHandlers.NameParameter)!;
        return ApiBodies.WriteAsync(context, status().Agents.FirstOrDefault(a => a.Server == name)
            ?? throw new HttpStatusException(StatusCodes.Status404NotFound, "not found",
                $"no real server of this director has the name '{name}'"), ApiJson.Default.AgentStatus);
    }

    internal Task GetEventsAsync(HttpContext context) =>
        ApiBodies.WriteAsync(context, events(), ApiJson.Default.EventsReport);

    internal Task GetRevisionsAsync(HttpContext context) =>
        ApiBodies.WriteAsync(context, revisions(), ApiJson.Default.RevisionsReport);

    internal async Task DiagnoseAsync(HttpContext context)
    {
        var request = await ApiBodies.ReadAsync(context, ApiJson.Default.DoctorRequest).ConfigureAwait(false);
        await ApiBodies.WriteAsync(context, await diagnose(request, context.RequestAborted).ConfigureAwait(false),
            ApiJson.Default.DoctorReport).ConfigureAwait(false);
    }
}
