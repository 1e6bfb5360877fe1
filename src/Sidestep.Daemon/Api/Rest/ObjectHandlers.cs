using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Sidestep.Api;
using Sidestep.Control.Stores;
using Sidestep.Daemon.Api.Access;
using Sidestep.Model.Objects;

namespace Sidestep.Daemon.Api.Rest;

/// <summary>Handles requests for the objects of one kind.</summary>
/// <param name="kind">The kind.</param>
/// <param name="ownerKind">The kind of the objects that contain them; null: they are in lists of the document.</param>
/// <param name="view">Reads the configuration.</param>
/// <param name="changes">Changes it.</param>
internal sealed class ObjectHandlers(ObjectKind kind, ObjectKind? ownerKind, ConfigurationView view,
    ConfigurationChanges changes)
{
    /// <summary>The route parameters with the names of an object and of its owner.</summary>
    internal const string NameParameter = "name", OwnerParameter = "pool";

    internal Task ListAsync(HttpContext context)
    {
        var query = ListQuery.Of(context);
        var owner = OwnerOf(context);
        var document = view.Read().Document;
        var scope = new RequestScope(context, document);
        var items = (ObjectLookup.Items(document, kind, owner) ?? throw NotFound(owner!))
            .Where(item => scope.Includes(item, owner));
        return ApiBodies.WriteAsync(context, query.Select(kind, items), ApiJson.Default.ObjectList);
    }

    internal Task GetAsync(HttpContext context)
    {
        QueryParameters.RequireKnown(context);
        var path = PathOf(context);
        var document = view.Read().Document;
        var content = ObjectLookup.Find(document, path) ?? throw NotFound(path);
        new RequestScope(context, document).Require(path, content);
        return RestBodies.WriteAsync(context, content);
    }

    /// <summary>Replaces an object, or creates it. The body may leave out the name.</summary>
    internal async Task PutAsync(HttpContext context)
    {
        RequireKnown(context);
        var path = PathOf(context);
        var content = await RestBodies.ReadObjectAsync(context, RestBodies.Json).ConfigureAwait(false);
        RequireSameName(path, content);
        content[kind.NameKey] ??= path.Name;
        await ChangeAsync(context, path, (document, _, _) =>
        {
            if (!document.Put(path, content))
                throw NotFound(path.Owner!);
        }).ConfigureAwait(false);
    }

    internal async Task PatchAsync(HttpContext context)
    {
        RequireKnown(context);
        var path = PathOf(context);
        var patch = await RestBodies.ReadObjectAsync(context, RestBodies.MergePatch).ConfigureAwait(false);
        RequireSameName(path, patch);
        await ChangeAsync(context, path, (document, before, _) =>
        {
            if (before is null)
                throw NotFound(path);
            MergePatch.Apply(document.Find(path), patch);
        }).ConfigureAwait(false);
    }

    internal async Task DeleteAsync(HttpContext context)
    {
        RequireKnown(context);
        var path = PathOf(context);
        await ChangeAsync(context, path, (document, before, accepted) =>
        {
            if (before is null)
                throw NotFound(path);
            var users = ObjectUsers.Of(path, accepted.Configuration);
            if (users is [var first, ..])
            {
                throw new HttpStatusException(StatusCodes.Status409Conflict, "in use",
                    $"{path} is used by {first}" + (users.Length > 1 ? $" and {users.Length - 1} more" : "")
                    + ": change that first")
                {
                    UsedBy = [.. users.Select(static u => u.ToString())],
                };
            }
            document.Remove(path);
        }).ConfigureAwait(false);
    }

    private async Task ChangeAsync(HttpContext context, ObjectPath path,
        Action<EditedDocument, JsonElement?, AcceptedConfiguration> edit)
    {
        string? pointer = null;
        var (report, change) = await changes.RunAsync(context, accepted =>
        {
            var before = ObjectLookup.Find(accepted.Document, path);
            var scope = new RequestScope(context, accepted.Document);
            if (before is { } present)
                scope.Require(path, present);
            EntityTag.RequireMatch(context, before);
            var document = new EditedDocument(accepted.Document);
            edit(document, before, accepted);
            scope.Require(path, document.Find(path));
            pointer = document.PointerOf(path);
            return document.ToText();
        }, () => pointer).ConfigureAwait(false);
        Describe(context, path, change);
        await ApiBodies.WriteAsync(context, report, ApiJson.Default.ChangeReport).ConfigureAwait(false);
    }

    private static void Describe(HttpContext context, ObjectPath path, ConfigurationChange change)
    {
        if (QueryParameters.Flag(context, ConfigurationChanges.DryRun)
            || ObjectLookup.Find(change.Document, path) is not { } after)
            return;
        context.Response.Headers.ETag = EntityTag.Of(after);
        if (ObjectLookup.Find(change.Before.Document, path) is not null)
            return;
        context.Response.StatusCode = StatusCodes.Status201Created;
        context.Response.Headers.Location = ApiPaths.Of(path);
    }

    private void RequireSameName(ObjectPath path, JsonObject content)
    {
        if (!content.TryGetPropertyValue(kind.NameKey, out var name))
            return;
        if (name is JsonValue value && value.TryGetValue(out string? text)
            && kind.Canonical(text) == kind.Canonical(path.Name))
            return;
        throw QueryParameters.Wrong($"{kind.NameKey} in the body is {name?.ToJsonString() ?? "null"}, and "
            + $"'{path.Name}' in the path: an object cannot be renamed. Create the new one and delete the old one");
    }

    private ObjectPath PathOf(HttpContext context) =>
        new(kind, RouteText(context, NameParameter), OwnerOf(context));

    private ObjectPath? OwnerOf(HttpContext context) =>
        ownerKind is null ? null : new ObjectPath(ownerKind, RouteText(context, OwnerParameter));

    /// <summary>Kestrel decodes everything in a path but %2F, which prefixes have.</summary>
    internal static string RouteText(HttpContext context, string name) =>
        ((string)context.GetRouteValue(name)!).Replace("%2F", "/", StringComparison.OrdinalIgnoreCase);

    private static void RequireKnown(HttpContext context) =>
        QueryParameters.RequireKnown(context, ConfigurationChanges.DryRun, ConfigurationChanges.Reason);

    private static HttpStatusException NotFound(ObjectPath path) =>
        new(StatusCodes.Status404NotFound, "not found", $"there is no {path}");
}
