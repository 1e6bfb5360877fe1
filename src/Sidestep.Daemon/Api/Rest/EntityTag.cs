using System.Buffers.Text;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace Sidestep.Daemon.Api.Rest;

/// <summary>Entity tags of parts of the configuration, and the preconditions of requests (RFC 9110 sections 8.8.3 and
/// 13). A tag depends on the part alone: changes elsewhere do not change it.</summary>
internal static class EntityTag
{
    /// <summary>Bytes of the SHA-256 that a tag has.</summary>
    private const int HashBytes = 16;

    /// <summary>The strong tag of a part, in quotes.</summary>
    internal static string Of(JsonElement part)
    {
        var hash = SHA256.HashData(JsonMarshal.GetRawUtf8Value(part));
        return $"\"{Encoding.ASCII.GetString(Base64Url.EncodeToUtf8(hash.AsSpan(0, HashBytes)))}\"";
    }

    /// <summary>Checks If-Match and If-None-Match of a request that changes a part.</summary>
    /// <param name="context">The request.</param>
    /// <param name="current">The part; null: it does not exist.</param>
    /// <exception cref="HttpStatusException">A precondition is not met (412).</exception>
    internal static void RequireMatch(HttpContext context, JsonElement? current)
    {
        string? tag = current is { } part ? Of(part) : null;
        var headers = context.Request.Headers;
        if (headers.IfMatch.Count > 0 && !Lists(RequireStrong(headers.IfMatch.ToString()), tag))
        {
            throw Failed(tag is null ? "it does not exist"
                : $"it has changed since: its entity tag is {tag} now. Read it again, and repeat the change");
        }
        if (headers.IfNoneMatch.Count > 0 && Lists(headers.IfNoneMatch.ToString(), tag))
            throw Failed("it exists already");
    }

    /// <summary>True if the client of a GET has the part already (If-None-Match).</summary>
    internal static bool IsKnown(HttpContext context, string tag) =>
        context.Request.Headers.IfNoneMatch.Count > 0
        // The comparison is the weak one (RFC 9110 section 13.1.2).
        && Lists(context.Request.Headers.IfNoneMatch.ToString().Replace("W/\"", "\"", StringComparison.Ordinal), tag);

    /// <summary>The value of If-Match, which is * or a list of strong entity tags (RFC 9110 section
    /// 13.1.1).</summary>
    /// <exception cref="HttpStatusException">It is neither (400).</exception>
    private static string RequireStrong(string header) => header.Trim() == "*"
        || header.Split(',', StringSplitOptions.TrimEntries).All(static t => t is ['"', .., '"'] && t.Length > 2)
        ? header : throw QueryParameters.Wrong(
            $"If-Match is {header}: write * or entity tags of responses, with their quotes");

    private static bool Lists(string header, string? tag) => tag is not null && (header.Trim() == "*"
        || header.Split(',', StringSplitOptions.TrimEntries).Contains(tag, StringComparer.Ordinal));

    private static HttpStatusException Failed(string detail) =>
        new(StatusCodes.Status412PreconditionFailed, "precondition failed", detail);
}
