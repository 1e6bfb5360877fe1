using System.Text.Json.Nodes;
using Sidestep.Api.Access;

namespace Sidestep.Daemon.Api.OpenApi;

/// <summary>What the OpenAPI document says about an endpoint, as metadata of the endpoint.</summary>
/// <param name="Id">Its <c>operationId</c>, unique in the document.</param>
/// <param name="Summary">What it does, in a sentence without a full stop.</param>
/// <param name="Response">Name of the schema of the response; null: it is no JSON.</param>
internal sealed record ApiOperation(string Id, string Summary, string? Response)
{
    /// <summary>The media type of the response.</summary>
    internal string ResponseType { get; init; } = "application/json";

    /// <summary>Name of the schema of the body; null: there is none.</summary>
    internal string? Body { get; init; }

    /// <summary>The media types of the body.</summary>
    internal string[] BodyTypes { get; init; } = ["application/json"];

    /// <summary>The parameters in the query.</summary>
    internal ApiParameter[] Query { get; init; } = [];

    /// <summary>True: If-Match and If-None-Match apply, and the response has an ETag.</summary>
    internal bool HasEntityTag { get; init; }

    /// <summary>True: the response is 201 if the request creates something.</summary>
    internal bool Creates { get; init; }

    /// <summary>False: the response is 204.</summary>
    internal bool HasContent { get; init; } = true;

    /// <summary>The least role that may send the request.</summary>
    internal Role Role { get; init; } = Role.Viewer;

    /// <summary>What the request concerns.</summary>
    internal ApiTarget Target { get; init; } = ApiTarget.Director;

    /// <summary>False: the request needs no credentials.</summary>
    internal bool NeedsCredentials { get; init; } = true;

    /// <summary>True: the response goes on until the client closes the connection.</summary>
    internal bool IsEndless { get; init; }

    /// <summary>True: the request gets an entry in the audit log also if it is allowed.</summary>
    internal bool IsAudited { get; init; }
}

/// <summary>What a request concerns, for senders that are limited to objects with certain labels.</summary>
internal enum ApiTarget
{
    /// <summary>The whole director: senders with a limit may not send it.</summary>
    Director,

    /// <summary>Objects with labels: the handler compares them with the limit.</summary>
    Objects,

    /// <summary>The sender, or the API itself: no limit applies.</summary>
    Sender,
}

/// <summary>A parameter of a request.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Description">What it means.</param>
/// <param name="Schema">Makes its JSON Schema.</param>
internal sealed record ApiParameter(string Name, string Description, Func<JsonObject> Schema)
{
    internal static ApiParameter Text(string name, string description, int most = 1024) =>
        new(name, description, () => new JsonObject { ["type"] = "string", ["maxLength"] = most });

    internal static ApiParameter Flag(string name, string description) =>
        new(name, description, static () => new JsonObject { ["type"] = "boolean", ["default"] = false });

    internal static ApiParameter Number(string name, string description, int least, int most) =>
        new(name, description, () => new JsonObject
        {
            ["type"] = "integer",
            ["minimum"] = least,
            ["maximum"] = most,
        });
}
