using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Sidestep.Api;
using Sidestep.Control.Access;
using Sidestep.Model.Objects;

namespace Sidestep.Daemon.Api.Access;

/// <summary>Whether the sender of a request may see and change an object. A real server has the labels of its pool,
/// unless it has such labels of its own.</summary>
/// <param name="context">The request.</param>
/// <param name="document">The configuration, which has the owner of the object.</param>
internal sealed class RequestScope(HttpContext context, JsonElement document)
{
    private readonly Principal _principal = context.Features.Get<Principal>()!;

    /// <summary>True if the object is within the sender's scope.</summary>
    /// <param name="item">The object.</param>
    /// <param name="owner">The object that it is in; null: none.</param>
    internal bool Includes(JsonElement item, ObjectPath? owner) => _principal.Scope is null
        || _principal.Includes(key => ObjectLookup.LabelOf(item, key) ?? OfOwner(owner, key));

    /// <summary>Rejects a request for an object outside of the scope.</summary>
    /// <exception cref="HttpStatusException">The object is outside of the scope (403).</exception>
    internal void Require(ObjectPath path, JsonElement item)
    {
        if (!Includes(item, path.Owner))
            throw Outside(path);
    }

    /// <summary>The same for an object as it would be after the change; null: the change deletes it.</summary>
    internal void Require(ObjectPath path, JsonObject? item)
    {
        if (_principal.Scope is not null && item is not null)
            Require(path, JsonSerializer.SerializeToElement(item, ApiJson.Default.JsonObject));
    }

    private string? OfOwner(ObjectPath? owner, string key) =>
        owner is not null && ObjectLookup.Find(document, owner) is { } found ? ObjectLookup.LabelOf(found, key) : null;

    private HttpStatusException Outside(ObjectPath path) => new(StatusCodes.Status403Forbidden, "not allowed",
        $"{_principal.Name} is limited to objects with the labels {_principal.Scope}: {path} has others");
}
