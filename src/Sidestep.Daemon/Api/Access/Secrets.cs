using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Sidestep.Api;
using Sidestep.Api.Access;
using Sidestep.Control.Access;

namespace Sidestep.Daemon.Api.Access;

/// <summary>The secrets of the configuration. Administrators see them, because what they export must be complete;
/// others do not.</summary>
internal static class Secrets
{
    /// <summary>The place of the only secret: the key of the flow hash.</summary>
    private const string Group = "group", HashKey = "hashKey";

    /// <summary>True if the sender of a request sees secrets.</summary>
    internal static bool AreShownTo(HttpContext context) =>
        context.Features.Get<Principal>() is { Role: Role.Administrator };

    /// <summary>A part of the configuration as the sender may see it.</summary>
    internal static JsonElement ShownTo(HttpContext context, JsonElement part)
    {
        bool isDocument = part.TryGetProperty(Group, out _), isGroup = part.TryGetProperty(HashKey, out _);
        if (AreShownTo(context) || (!isDocument && !isGroup))
            return part;
        var copy = JsonObject.Create(part)!;
        ((isGroup ? copy : copy[Group]) as JsonObject)?.Remove(HashKey);
        return JsonSerializer.SerializeToElement(copy, ApiJson.Default.JsonObject);
    }
}
