using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Sidestep.Api;
using Sidestep.Control.Access;
using Sidestep.Daemon.Api.OpenApi;

namespace Sidestep.Daemon.Api.Access;

/// <summary>The access control of the API: users, tokens, limits, and the audit log.</summary>
internal sealed class AccessControl : IDisposable
{
    private readonly AuditLog _auditLog;
    private readonly AccessHandlers _handlers;
    private readonly AccessStore _store;

    /// <summary>Reads users and tokens, and continues the audit log.</summary>
    /// <param name="accessPath">Path of the file with users and tokens.</param>
    /// <param name="auditPath">Path of the audit log, without its suffix.</param>
    /// <param name="log">Receives the head of the audit log after each entry.</param>
    /// <param name="time">The clock.</param>
    internal AccessControl(string accessPath, string auditPath, ILogger log, TimeProvider time)
    {
        _store = new AccessStore(accessPath, time);
        _auditLog = new AuditLog(auditPath, time, log.AuditEntryWritten);
        _handlers = new AccessHandlers(_store, new LoginLimits(time));
        Authentication = new RemoteAuthentication(_store);
        Audit = new AuditRequests(_auditLog, time);
    }

    /// <summary>Authenticates operators on other machines.</summary>
    internal RemoteAuthentication Authentication { get; }

    /// <summary>Writes requests to the audit log.</summary>
    internal AuditRequests Audit { get; }

    /// <summary>Limits the requests of each client.</summary>
    internal RequestLimits Limits { get; } = new();

    /// <summary>What does not work now.</summary>
    internal IEnumerable<string> Problems => new[] { _store.Problem, _auditLog.Problem }.OfType<string>();

    /// <summary>Adds the endpoints for users, tokens and logins.</summary>
    internal void Map(IEndpointRouteBuilder api)
    {
        const string one = "/{" + AccessHandlers.NameParameter + "}";
        api.MapGet(ApiPaths.Session, AccessHandlers.GetSessionAsync).WithMetadata(AccessOperations.Session);
        api.MapPost(ApiPaths.Login, _handlers.LogInAsync).WithMetadata(AccessOperations.LogIn);
        api.MapPost(ApiPaths.Logout, _handlers.LogOutAsync).WithMetadata(AccessOperations.LogOut);
        api.MapGet(ApiPaths.Users, _handlers.ListUsersAsync).WithMetadata(AccessOperations.ListUsers);
        api.MapPut(ApiPaths.Users + one, _handlers.PutUserAsync).WithMetadata(AccessOperations.PutUser);
        api.MapDelete(ApiPaths.Users + one, _handlers.DeleteUserAsync).WithMetadata(AccessOperations.DeleteUser);
        api.MapGet(ApiPaths.Tokens, _handlers.ListTokensAsync).WithMetadata(AccessOperations.ListTokens);
        api.MapPost(ApiPaths.Tokens, _handlers.CreateTokenAsync).WithMetadata(AccessOperations.CreateToken);
        api.MapDelete(ApiPaths.Tokens + one, _handlers.RevokeTokenAsync).WithMetadata(AccessOperations.RevokeToken);
    }

    /// <summary>Writes what the audit log has in memory to the disk.</summary>
    internal void Flush() => Audit.Flush();

    public void Dispose()
    {
        _auditLog.Dispose();
        Limits.Dispose();
    }
}
