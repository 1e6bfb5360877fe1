using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Sidestep.Api;
using Sidestep.Daemon.Api.Access;
using Sidestep.Model;

namespace Sidestep.Daemon.Api.Rest;

/// <summary>Reads bodies of requests about the configuration, and writes parts of it.</summary>
internal static class RestBodies
{
    internal const string Json = "application/json", Yaml = "application/yaml",
        MergePatch = "application/merge-patch+json";

    private static readonly JsonDocumentOptions Strict = new()
    {
        AllowDuplicateProperties = false,
        MaxDepth = Limits.NestingDepth,
    };

    /// <summary>Reads a JSON object.</summary>
    /// <param name="context">The request.</param>
    /// <param name="mediaType">The Content-Type that it must have.</param>
    /// <exception cref="HttpStatusException">The body is no JSON object (400), has another Content-Type (415), or is
    /// too large (413).</exception>
    internal static async Task<JsonObject> ReadObjectAsync(HttpContext context, string mediaType)
    {
        RequireType(context, mediaType);
        string text = await ReadTextAsync(context).ConfigureAwait(false);
        try
        {
            var content = JsonNode.Parse(text, documentOptions: Strict) as JsonObject
                ?? throw QueryParameters.Wrong("the body is not a JSON object");
            // Texts are decoded when they are used: half of a surrogate pair must not fail later.
            content.ToJsonString();
            return content;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw QueryParameters.Wrong($"the body is not JSON: {e.Message}");
        }
    }

    /// <summary>Reads a whole document, in YAML or JSON.</summary>
    /// <exception cref="HttpStatusException">The body is not UTF-8 (400), has another Content-Type (415), or is too
    /// large (413).</exception>
    internal static async Task<string> ReadDocumentAsync(HttpContext context)
    {
        RequireType(context, Json, Yaml);
        return await ReadTextAsync(context).ConfigureAwait(false);
    }

    private static async Task<string> ReadTextAsync(HttpContext context)
    {
        try
        {
            using var reader = new StreamReader(context.Request.Body,
                new UTF8Encoding(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true),
                detectEncodingFromByteOrderMarks: false);
            string text = await reader.ReadToEndAsync(context.RequestAborted).ConfigureAwait(false);
            CredentialCheck.Require(context);
            return text.TrimStart('\uFEFF');
        }
        catch (DecoderFallbackException)
        {
            throw QueryParameters.Wrong("the body is not UTF-8 text");
        }
    }

    /// <summary>Writes a part of the configuration as the sender may see it, with its entity tag; 304 if the client has
    /// it already.</summary>
    internal static Task WriteAsync(HttpContext context, JsonElement content)
    {
        var part = Secrets.ShownTo(context, content);
        string tag = EntityTag.Of(part);
        context.Response.Headers.ETag = tag;
        if (EntityTag.IsKnown(context, tag))
        {
            context.Response.StatusCode = StatusCodes.Status304NotModified;
            return Task.CompletedTask;
        }
        return ApiBodies.WriteAsync(context, part, ApiJson.Default.JsonElement);
    }

    private static void RequireType(HttpContext context, params ReadOnlySpan<string> mediaTypes)
    {
        string? type = context.Request.ContentType?.Split(';')[0].Trim().ToLowerInvariant();
        if (type is null || !mediaTypes.Contains(type))
        {
            throw new HttpStatusException(StatusCodes.Status415UnsupportedMediaType, "wrong content type",
                $"the Content-Type is {type ?? "missing"}: send {string.Join(" or ", mediaTypes)}");
        }
    }
}
