using Sidestep.Api;
using Sidestep.Api.Access;
using Sidestep.Api.Captures;
using Sidestep.Api.Configurations;
using Sidestep.Api.Events;
using Sidestep.Api.Flows;
using Sidestep.Api.Plans;
using Sidestep.Api.Status;
using Sidestep.Api.Streams;
using Sidestep.Api.Traces;

namespace Sidestep.Daemon.Api.OpenApi;

/// <summary>What the OpenAPI document says about the endpoints of the Unix socket that are not about the
/// configuration.</summary>
internal static class LocalOperations
{
    internal static ApiOperation Status { get; } = new("getStatus", "The status of the director",
        ApiSchemas.NameOf<DirectorStatus>());

    internal static ApiOperation Directors { get; } = new("listDirectors", "The directors of the group",
        ApiSchemas.NameOf<DirectorList>());

    internal static ApiOperation Agents { get; } = new("listAgents", "The agents of the real servers",
        ApiSchemas.NameOf<AgentList>());

    internal static ApiOperation Agent { get; } = new("getAgent", "The agent of a real server",
        ApiSchemas.NameOf<AgentStatus>());

    internal static ApiOperation Events { get; } = new("listEvents", "The latest events of the log",
        ApiSchemas.NameOf<EventsReport>());

    internal static ApiOperation Revisions { get; } = new("listRevisions", "The revisions, without configurations",
        ApiSchemas.NameOf<RevisionsReport>());

    internal static ApiOperation Diagnose { get; } = new("diagnose", "Runs the doctor",
        ApiSchemas.NameOf<DoctorReport>())
    {
        Body = ApiSchemas.NameOf<DoctorRequest>(),
        Role = Role.Operator,
        IsAudited = true,
    };

    internal static ApiOperation Flows { get; } = new("listFlows", "Tracked flows, a JSON object per line",
        ApiSchemas.NameOf<FlowsLine>())
    {
        ResponseType = ApiPaths.JsonLines,
        Query =
        [
            ApiParameter.Flag("list", "true: a line for each flow; otherwise only their numbers."),
            ApiParameter.Text("service", "Only flows of this service."),
            ApiParameter.Text("server", "Only flows of this real server."),
            ApiParameter.Text("client", "Only flows of clients with this address or prefix."),
        ],
    };

    internal static ApiOperation Capture { get; } = new("capture",
        "Captured frames, a JSON object per line, until the client closes the connection",
        ApiSchemas.NameOf<CaptureLine>())
    {
        ResponseType = ApiPaths.JsonLines,
        Body = ApiSchemas.NameOf<CaptureRequest>(),
        IsEndless = true,
        // Frames have payload.
        Role = Role.Operator,
        IsAudited = true,
    };

    internal static ApiOperation Plan { get; } = new("plan", "What a configuration would change",
        ApiSchemas.NameOf<PlanReport>())
    {
        Body = ApiSchemas.NameOf<PlanRequest>(),
    };

    internal static ApiOperation Trace { get; } = new("decide", "The decision about a frame, step by step",
        ApiSchemas.NameOf<TraceReport>())
    {
        Body = ApiSchemas.NameOf<TraceRequest>(),
    };

    internal static ApiOperation Metrics { get; } = new("getMetrics", "Metrics in the text format of Prometheus", null)
    {
        ResponseType = "text/plain",
    };

    internal static ApiOperation Stream { get; } = new("stream",
        "Server-sent events: an event named as its topic for each revision, event, alarm and reading of counters", null)
    {
        ResponseType = Streams.StreamHandler.MediaType,
        IsEndless = true,
        Query = [ApiParameter.Text(Streams.StreamHandler.Topics,
            $"Topics with commas between them; without it, all: {string.Join(", ", StreamTopics.All)}.")],
    };

    internal static ApiOperation OpenApi { get; } = new("getOpenApi", "This document", null)
    {
        Target = ApiTarget.Sender,
    };
}
