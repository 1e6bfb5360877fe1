using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Template;
using Microsoft.Extensions.DependencyInjection;
using Sidestep.Api;
using Sidestep.Control.Agents;
using Sidestep.Daemon.Api.Access;
using Sidestep.Daemon.Api.OpenApi;
using Sidestep.Daemon.Api.Rest;
using Sidestep.Daemon.Api.Streams;

namespace Sidestep.Daemon.Api;

/// <summary>The endpoints of the API: one line per endpoint, and one group per policy.</summary>
/// <param name="agents">The specs for agents and the reports of agents.</param>
/// <param name="local">Handles short requests of the command line.</param>
/// <param name="running">Handles requests of the command line that take long.</param>
/// <param name="rest">The configuration and its revisions.</param>
/// <param name="stream">Sends server-sent events.</param>
/// <param name="metrics">Handles requests for metrics.</param>
/// <param name="access">Users, tokens and the audit log.</param>
/// <param name="log">Receives faults.</param>
internal sealed class ApiEndpoints(AgentRegistry agents, LocalHandlers local, RunningHandlers running,
    RestEndpoints rest, StreamHandler stream, MetricsHandler metrics, AccessControl access, ILogger log)
{
    private const string Server = "{" + ApiPolicies.ServerParameter + "}";

    private readonly AgentHandlers _agents = new(agents);

    /// <summary>Receives faults of handlers.</summary>
    internal ILogger Log => log;

    /// <summary>The Unix socket.</summary>
    internal ApiSite Local => new(MapOperators, [access.Audit.HandleAsync], [LocalAuthentication.HandleAsync]);

    /// <summary>The listener for operators on other machines.</summary>
    /// <param name="certificates">Its certificates; null: it is on loopback, with HTTP.</param>
    internal ApiSite Management(ApiCertificates? certificates) => new(MapOperators, [access.Audit.HandleAsync],
        [access.Limits.HandleAsync, new HostFilter(certificates).HandleAsync, access.Authentication.HandleAsync]);

    /// <summary>The listener for agents.</summary>
    internal ApiSite Agents => new(MapAgents, [access.Audit.HandleAsync], [access.AgentAuthentication.HandleAsync]);

    /// <summary>The listener for Prometheus. The listener is the access control: it is on loopback, or its clients have
    /// certificates.</summary>
    /// <param name="certificates">Its certificates; null: it is on loopback, with HTTP.</param>
    internal ApiSite Metrics(ApiCertificates? certificates) => new(MapMetrics, [],
        certificates is null ? [new HostFilter(null).HandleAsync] : []);

    /// <summary>The endpoints for operators.</summary>
    private void MapOperators(IEndpointRouteBuilder routes)
    {
        var api = routes.MapGroup("").RequireAuthorization(ApiPolicies.OfRole);
        api.MapGet(ApiPaths.Status, local.GetStatusAsync).WithMetadata(LocalOperations.Status);
        api.MapGet(ApiPaths.Directors, local.ListDirectorsAsync).WithMetadata(LocalOperations.Directors);
        api.MapGet(ApiPaths.Agents, local.ListAgentsAsync).WithMetadata(LocalOperations.Agents);
        api.MapGet($"{ApiPaths.Agents}/{{{ObjectHandlers.NameParameter}}}", local.GetAgentAsync)
            .WithMetadata(LocalOperations.Agent);
        api.MapGet(ApiPaths.Events, local.GetEventsAsync).WithMetadata(LocalOperations.Events);
        api.MapGet(ApiPaths.Revisions, local.GetRevisionsAsync).WithMetadata(LocalOperations.Revisions);
        api.MapPost(ApiPaths.Doctor, local.DiagnoseAsync).WithMetadata(LocalOperations.Diagnose);
        api.MapGet(ApiPaths.Flows, running.SendFlowsAsync).WithMetadata(LocalOperations.Flows);
        api.MapPost(ApiPaths.Capture, running.CaptureAsync).WithMetadata(LocalOperations.Capture);
        api.MapPost(ApiPaths.Plan, running.PlanAsync).WithMetadata(LocalOperations.Plan);
        api.MapPost(ApiPaths.Trace, running.TraceAsync).WithMetadata(LocalOperations.Trace);
        api.MapGet(ApiPaths.Metrics, metrics.SendAsync).WithMetadata(LocalOperations.Metrics);
        api.MapGet(ApiPaths.Stream, stream.SendAsync).WithMetadata(LocalOperations.Stream);
        api.MapGet(ApiPaths.OpenApi, static context => ApiBodies.WriteTextAsync(context,
            OpenApiDocument.Of(context.RequestServices.GetRequiredService<EndpointDataSource>().Endpoints)))
            .WithMetadata(LocalOperations.OpenApi);
        rest.Map(api);
        access.Map(api);
        MapOthers(routes);
    }

    private void MapAgents(IEndpointRouteBuilder routes)
    {
        var api = routes.MapGroup("").RequireAuthorization(ApiPolicies.OwnServer);
        api.MapGet(ApiPaths.Spec + Server, _agents.SendSpecAsync);
        api.MapPost(ApiPaths.Reports + Server, _agents.ReceiveReportAsync);
        api.MapPost(ApiPaths.Drains + Server, _agents.DrainAsync).WithMetadata(AccessOperations.AgentDrain);
        access.MapAgents(routes, api);
        MapOthers(routes);
    }

    private void MapMetrics(IEndpointRouteBuilder routes)
    {
        routes.MapGet(ApiPaths.Metrics, metrics.SendAsync);
        MapOthers(routes);
    }

    /// <summary>Rejects what no endpoint has: other paths, and other methods of these paths.</summary>
    private static void MapOthers(IEndpointRouteBuilder routes) =>
        routes.Map("{**path}", static context => throw Missing(context))
        .Add(static endpoint => ((RouteEndpointBuilder)endpoint).Order = int.MaxValue);

    private static HttpStatusException Missing(HttpContext context)
    {
        string[] methods = [.. MethodsOf(context).Distinct().Order(StringComparer.Ordinal)];
        if (methods.Length == 0)
        {
            return new HttpStatusException(StatusCodes.Status404NotFound, "not found",
                $"{context.Request.Path} does not exist in this API");
        }
        // RFC 9110, section 15.5.6, requires it.
        context.Response.Headers.Allow = string.Join(", ", methods);
        return new HttpStatusException(StatusCodes.Status405MethodNotAllowed, "method not allowed",
            $"{context.Request.Path} has no {context.Request.Method}: use {string.Join(" or ", methods)}");
    }

    /// <summary>The methods that the path of a request has.</summary>
    private static IEnumerable<string> MethodsOf(HttpContext context) =>
        context.RequestServices.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
        .Where(e => e.Metadata.GetMetadata<IHttpMethodMetadata>() is not null
            && new TemplateMatcher(new RouteTemplate(e.RoutePattern), []).TryMatch(context.Request.Path, []))
        .SelectMany(static e => e.Metadata.GetMetadata<IHttpMethodMetadata>()!.HttpMethods);
}
