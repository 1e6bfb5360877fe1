using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Sidestep.Api;
using Sidestep.Model.Objects;

namespace Sidestep.Daemon.Api.Rest;

/// <summary>The endpoints for the configuration and its revisions: one line per endpoint.</summary>
/// <param name="view">Reads the configuration.</param>
/// <param name="changes">Changes it.</param>
/// <param name="source">Where it comes from.</param>
/// <param name="overrides">Handles overrides of real servers.</param>
internal sealed class RestEndpoints(ConfigurationView view, ConfigurationChanges changes, ConfigurationSource source,
    OverrideHandlers overrides)
{
    private const string Revision = ApiPaths.Revisions + "/{" + RevisionHandlers.NumberParameter + "}";

    internal void Map(IEndpointRouteBuilder api)
    {
        var document = new DocumentHandlers(view, changes);
        api.MapGet(ApiPaths.Configuration, document.GetAsync).WithMetadata(RestOperations.GetConfiguration);
        api.MapPut(ApiPaths.Configuration, document.PutAsync).WithMetadata(RestOperations.PutConfiguration);
        api.MapPatch(ApiPaths.Configuration, document.PatchAsync).WithMetadata(RestOperations.PatchConfiguration);
        foreach (var (path, section) in new[] { (ApiPaths.Node, "node"), (ApiPaths.Group, "group") })
        {
            api.MapGet(path, document.GetSection(section)).WithMetadata(RestOperations.GetSection(section));
            api.MapPut(path, document.PutSection(section)).WithMetadata(RestOperations.PutSection(section));
            api.MapPatch(path, document.PatchSection(section)).WithMetadata(RestOperations.PatchSection(section));
        }
        foreach (var kind in ObjectKind.OfDocument)
            Map(api, kind, ApiPaths.ObjectsOf(kind), new ObjectHandlers(kind, null, view, changes));
        string servers = $"{ApiPaths.ObjectsOf(ObjectKind.Pool)}/{{{ObjectHandlers.OwnerParameter}}}/"
            + ObjectKind.RealServer.Plural;
        string ofServer = $"{servers}/{{{ObjectHandlers.NameParameter}}}{ApiPaths.Override}";
        api.MapGet(ApiPaths.Overrides, overrides.ListAsync).WithMetadata(RestOperations.ListOverrides);
        api.MapGet(ofServer, overrides.GetAsync).WithMetadata(RestOperations.GetOverride);
        api.MapPut(ofServer, overrides.PutAsync).WithMetadata(RestOperations.PutOverride);
        api.MapDelete(ofServer, overrides.DeleteAsync).WithMetadata(RestOperations.DeleteOverride);
        Map(api, ObjectKind.RealServer, servers,
            new ObjectHandlers(ObjectKind.RealServer, ObjectKind.Pool, view, changes));
        var revisions = new RevisionHandlers(source, changes);
        api.MapGet(Revision, revisions.GetAsync).WithMetadata(RestOperations.GetRevision);
        api.MapGet(Revision + "/difference", revisions.GetDifferenceAsync).WithMetadata(RestOperations.GetDifference);
        api.MapPost(Revision + "/rollback", revisions.RollBackAsync).WithMetadata(RestOperations.RollBack);
    }

    private static void Map(IEndpointRouteBuilder api, ObjectKind kind, string path, ObjectHandlers handlers)
    {
        string one = path + "/{" + ObjectHandlers.NameParameter + "}";
        api.MapGet(path, handlers.ListAsync).WithMetadata(RestOperations.List(kind));
        api.MapGet(one, handlers.GetAsync).WithMetadata(RestOperations.Get(kind));
        api.MapPut(one, handlers.PutAsync).WithMetadata(RestOperations.Put(kind));
        api.MapPatch(one, handlers.PatchAsync).WithMetadata(RestOperations.Patch(kind));
        api.MapDelete(one, handlers.DeleteAsync).WithMetadata(RestOperations.Delete(kind));
    }
}
