using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Sidestep.Daemon.Api.Access;

namespace Sidestep.Daemon.Api;

/// <summary>Reads and writes bodies as JSON, with generated code and without reflection.</summary>
internal static class ApiBodies
{
    /// <summary>Limits the body of a request further than its listener does.</summary>
    /// <param name="context">The request, whose body has not been read yet.</param>
    /// <param name="bytes">The largest body.</param>
    internal static void Limit(HttpContext context, long bytes)
    {
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size)
            size.MaxRequestBodySize = bytes;
    }

    /// <exception cref="HttpStatusException">The body is no such JSON (400), or too large (413), or the credentials
    /// have ended (401).</exception>
    internal static async Task<T> ReadAsync<T>(HttpContext context, JsonTypeInfo<T> type)
    {
        try
        {
            var value = await JsonSerializer.DeserializeAsync(context.Request.Body, type, context.RequestAborted)
                .ConfigureAwait(false)
                ?? throw new JsonException("the body is null");
            CredentialCheck.Require(context);
            return value;
        }
        catch (JsonException e)
        {
            throw new HttpStatusException(StatusCodes.Status400BadRequest, "bad request", e.Message);
        }
        catch (BadHttpRequestException e)
        {
            throw new HttpStatusException(e.StatusCode, "bad request", e.Message);
        }
    }

    /// <summary>Writes JSON text.</summary>
    internal static Task WriteTextAsync(HttpContext context, string json)
    {
        context.Response.ContentType = "application/json";
        return context.Response.WriteAsync(json, context.RequestAborted);
    }

    internal static Task WriteAsync<T>(HttpContext context, T value, JsonTypeInfo<T> type, string mediaType =
        "application/json")
    {
        context.Response.ContentType = mediaType;
        return JsonSerializer.SerializeAsync(context.Response.Body, value, type, context.RequestAborted);
    }
}
