using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Sidestep.Api;
using Sidestep.Control.Agents;

namespace Sidestep.Daemon.Api;

/// <summary>The endpoints of the API: one line per endpoint, and one group per policy.</summary>
/// <param name="agents">The specs for agents and the reports of agents.</param>
/// <param name="local">Handles short requests of the command line.</param>
/// <param name="running">Handles requests of the command line that take long.</param>
/// <param name="metrics">Handles requests for metrics.</param>
/// <param name="log">Receives faults.</param>
internal sealed class ApiEndpoints(AgentRegistry agents, LocalHandlers local, RunningHandlers running,
    MetricsHandler metrics, ILogger log)
{
    private const string Server = "{" + ApiPolicies.ServerParameter + "}";

    private readonly AgentHandlers _agents = new(agents);

    /// <summary>Receives faults of handlers.</summary>
    internal ILogger Log => log;

    /// <summary>The endpoints of the Unix socket.</summary>
    internal void MapLocal(IEndpointRouteBuilder routes)
    {
        var api = routes.MapGroup("").RequireAuthorization(ApiPolicies.Operator);
        api.MapGet(ApiPaths.Status, local.GetStatusAsync);
        api.MapGet(ApiPaths.Events, local.GetEventsAsync);
        api.MapGet(ApiPaths.Revisions, local.GetRevisionsAsync);
        api.MapPost(ApiPaths.Doctor, local.DiagnoseAsync);
        api.MapGet(ApiPaths.Flows, running.SendFlowsAsync);
        api.MapPost(ApiPaths.Capture, running.CaptureAsync);
        api.MapPost(ApiPaths.Plan, running.PlanAsync);
        api.MapPost(ApiPaths.Trace, running.TraceAsync);
        api.MapGet(ApiPaths.Metrics, metrics.SendAsync);
        MapOthers(routes);
    }

    /// <summary>The endpoints for agents.</summary>
    internal void MapAgents(IEndpointRouteBuilder routes)
    {
        var api = routes.MapGroup("").RequireAuthorization(ApiPolicies.OwnServer);
        api.MapGet(ApiPaths.Spec + Server, _agents.SendSpecAsync);
        api.MapPost(ApiPaths.Reports + Server, _agents.ReceiveReportAsync);
        api.MapPost(ApiPaths.Drains + Server, _agents.DrainAsync);
        MapOthers(routes);
    }

    /// <summary>The endpoint for Prometheus. The listener is the access control: it is on loopback, or its clients have
    /// certificates.</summary>
    internal void MapMetrics(IEndpointRouteBuilder routes)
    {
        routes.MapGet(ApiPaths.Metrics, metrics.SendAsync);
        MapOthers(routes);
    }

    /// <summary>Other paths, and other methods of these paths, do not exist.</summary>
    private static void MapOthers(IEndpointRouteBuilder routes) =>
        routes.Map("{**path}", static context => throw NotFound(context))
        .Add(static endpoint => ((RouteEndpointBuilder)endpoint).Order = int.MaxValue);

    internal static HttpStatusException NotFound(HttpContext context) => new(StatusCodes.Status404NotFound,
        "not found", $"{context.Request.Method} {context.Request.Path} does not exist in this API");
}
