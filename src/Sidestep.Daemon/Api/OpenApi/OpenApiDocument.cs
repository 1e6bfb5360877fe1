using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Sidestep.Api;
using Sidestep.Api.Access;

namespace Sidestep.Daemon.Api.OpenApi;

/// <summary>The OpenAPI 3.1 document of the API, made of the endpoints themselves and of the schemas that the programs
/// use.</summary>
internal static partial class OpenApiDocument
{
    /// <summary>The document as indented JSON with a line feed at the end.</summary>
    /// <param name="endpoints">The endpoints; those without <see cref="ApiOperation"/> are left out.</param>
    internal static string Of(IEnumerable<Endpoint> endpoints)
    {
        var paths = new SortedDictionary<string, JsonObject>(StringComparer.Ordinal);
        foreach (var endpoint in endpoints.OfType<RouteEndpoint>())
        {
            if (endpoint.Metadata.GetMetadata<ApiOperation>() is not { } operation)
                continue;
            string path = endpoint.RoutePattern.RawText!;
            if (!paths.TryGetValue(path, out var item))
                paths[path] = item = Item(path);
            foreach (string method in endpoint.Metadata.GetMetadata<HttpMethodMetadata>()!.HttpMethods)
                item[method.ToLowerInvariant()] = Operation(operation);
        }
        var document = new JsonObject
        {
            ["openapi"] = "3.1.1",
            ["info"] = new JsonObject
            {
                ["title"] = "Sidestep",
                ["version"] = "1",
                ["description"] = "The API of a Sidestep director. docs/api.md describes it.",
                ["license"] = new JsonObject { ["name"] = "Apache-2.0", ["identifier"] = "Apache-2.0" },
            },
            ["servers"] = new JsonArray(new JsonObject { ["url"] = "/" }),
            ["paths"] = new JsonObject(paths.Select(static p => KeyValuePair.Create(p.Key, (JsonNode?)p.Value))),
            ["security"] = new JsonArray(new JsonObject { ["bearer"] = new JsonArray() }),
            ["components"] = new JsonObject
            {
                ["schemas"] = ApiSchemas.All(),
                ["securitySchemes"] = new JsonObject
                {
                    ["bearer"] = new JsonObject
                    {
                        ["type"] = "http",
                        ["scheme"] = "bearer",
                        ["description"] = "A token (docs/access.md). On the Unix socket, the user of the client is "
                            + "the credential.",
                    },
                },
            },
        };
        return document.ToJsonString(ApiJson.Indented.Options) + "\n";
    }

    private static JsonObject Item(string path)
    {
        var parameters = new JsonArray();
        foreach (Match match in RouteParameter().Matches(path))
        {
            parameters.Add(new JsonObject
            {
                ["name"] = match.Groups[1].Value,
                ["in"] = "path",
                ["required"] = true,
                ["schema"] = new JsonObject { ["type"] = "string" },
            });
        }
        return parameters.Count == 0 ? [] : new JsonObject { ["parameters"] = parameters };
    }

    private static JsonObject Operation(ApiOperation operation)
    {
        var written = new JsonObject { ["operationId"] = operation.Id, ["summary"] = operation.Summary };
        JsonObject[] parameters =
        [
            .. operation.Query.Select(static p => Parameter("query", p.Name, p.Description, p.Schema())),
            .. operation.HasEntityTag ? Preconditions(operation) : [],
        ];
        if (parameters.Length > 0)
            written["parameters"] = new JsonArray([.. parameters]);
        if (operation.Body is { } body)
        {
            written["requestBody"] = new JsonObject
            {
                ["required"] = true,
                ["content"] = new JsonObject(operation.BodyTypes.Select(t =>
                    KeyValuePair.Create(t, (JsonNode?)new JsonObject { ["schema"] = ApiSchemas.Reference(body) }))),
            };
        }
        written["description"] = AccessOf(operation);
        if (!operation.NeedsCredentials)
            written["security"] = new JsonArray();
        var responses = operation.HasContent ? new JsonObject { ["200"] = Success(operation) }
            : new JsonObject { ["204"] = new JsonObject { ["description"] = "The request succeeded." } };
        if (operation.Creates)
            responses["201"] = Success(operation);
        responses["default"] = new JsonObject
        {
            ["description"] = "The request failed: problem details (RFC 9457).",
            ["content"] = Content(ApiProblem.MediaType, ApiSchemas.NameOf<ApiProblem>()),
        };
        written["responses"] = responses;
        return written;
    }

    private static string AccessOf(ApiOperation operation) =>
        (operation.NeedsCredentials ? $"Role {operation.Role.Name()}." : "No role.")
        + (operation.IsAudited ? " Has an entry in the audit log." : "");

    private static JsonObject Success(ApiOperation operation)
    {
        var response = new JsonObject { ["description"] = "The request succeeded." };
        if (operation.HasEntityTag)
        {
            response["headers"] = new JsonObject
            {
                ["ETag"] = new JsonObject { ["schema"] = new JsonObject { ["type"] = "string" } },
            };
        }
        response["content"] = Content(operation.ResponseType, operation.Response);
        return response;
    }

    private static JsonObject Content(string mediaType, string? schema) => new()
    {
        [mediaType] = new JsonObject
        {
            ["schema"] = schema is null ? new JsonObject { ["type"] = "string" } : ApiSchemas.Reference(schema),
        },
    };

    private static JsonObject[] Preconditions(ApiOperation operation) =>
    [
        .. operation.Body is null && !operation.Query.Any(static q => q.Name == Rest.ConfigurationChanges.DryRun) ? []
            : new[]
            {
                Parameter("header", "If-Match", "Rejects the change (412) unless this is the entity tag now.", Text()),
            },
        Parameter("header", "If-None-Match",
            "GET: 304 if this is the entity tag. Changes: * rejects them (412) if the object exists.", Text()),
    ];

    private static JsonObject Text() => new() { ["type"] = "string" };

    private static JsonObject Parameter(string place, string name, string description, JsonObject schema) => new()
    {
        ["name"] = name,
        ["in"] = place,
        ["description"] = description,
        ["schema"] = schema,
    };

    [GeneratedRegex(@"\{(\w+)\}")]
    private static partial Regex RouteParameter();
}
