using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Sidestep.Api;
using Sidestep.Control.Access;
using Sidestep.Control.Agents;
using Sidestep.Daemon.Api.OpenApi;
using Sidestep.Model;

namespace Sidestep.Daemon.Api.Access;

/// <summary>The access control of the API: users, tokens, limits, and the audit log.</summary>
internal sealed class AccessControl : IDisposable
{
    private readonly AuditLog _auditLog;
    private readonly AccessHandlers _handlers;
    private readonly EnrolmentHandlers _enrolment;
    private readonly PasswordChecks _passwords = new();
    private readonly AccessStore _store;

    /// <summary>Reads users and tokens, and continues the audit log.</summary>
    /// <param name="files">Paths.</param>
    /// <param name="api">Reads the settings of the API for agents; null: there is none.</param>
    /// <param name="agents">Knows the servers of the configuration.</param>
    /// <param name="log">Receives the head of the audit log after each entry.</param>
    /// <param name="time">The clock.</param>
    internal AccessControl(AccessFiles files, Func<ApiSettings?> api, AgentRegistry agents, ILogger log,
        TimeProvider time)
    {
        _store = new AccessStore(files.Access, time);
        _auditLog = new AuditLog(files.Audit, time, log.AuditEntryWritten);
        var limits = new LoginLimits(time);
        _handlers = new AccessHandlers(_store, limits, _passwords);
        Authority = new AgentAuthority(new OwnAuthority(files.Authority, time), api, time);
        _enrolment = new EnrolmentHandlers(_store, Authority, agents, limits);
        AgentAuthentication = new AgentAuthentication(_store);
        Authentication = new RemoteAuthentication(_store);
        Audit = new AuditRequests(_auditLog, time);
    }

    /// <summary>Authenticates operators on other machines.</summary>
    internal RemoteAuthentication Authentication { get; }

    /// <summary>The certificates of the API for agents.</summary>
    internal AgentAuthority Authority { get; }

    /// <summary>Authenticates agents.</summary>
    internal AgentAuthentication AgentAuthentication { get; }

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
        api.MapPost(ApiPaths.Agents + one + "/invitation", _enrolment.InviteAsync)
            .WithMetadata(AccessOperations.InviteAgent);
        api.MapDelete(ApiPaths.Agents + one + "/certificates", _enrolment.RevokeAsync)
            .WithMetadata(AccessOperations.RevokeAgent);
    }

    /// <summary>Adds the endpoints for the certificates of agents.</summary>
    /// <param name="routes">Has no policy: an invited agent has no certificate yet.</param>
    /// <param name="ofServer">Requires the certificate of the server in the path.</param>
    internal void MapAgents(IEndpointRouteBuilder routes, IEndpointRouteBuilder ofServer)
    {
        routes.MapPost(ApiPaths.Enrolments, _enrolment.EnrolAsync).WithMetadata(AccessOperations.Enrol);
        ofServer.MapPost(ApiPaths.Certificates + "{" + ApiPolicies.ServerParameter + "}", _enrolment.RenewAsync)
            .WithMetadata(AccessOperations.Renew);
    }

    /// <summary>Flushes the audit log to the disk.</summary>
    internal void Flush() => Audit.Flush();

    public void Dispose()
    {
        _auditLog.Dispose();
        Limits.Dispose();
        _passwords.Dispose();
    }
}

/// <summary>Where the access control has its files.</summary>
/// <param name="Access">Path of the file with users and tokens.</param>
/// <param name="Audit">Path of the audit log, without its suffix.</param>
/// <param name="Authority">Folder of the director's own authority.</param>
internal sealed record AccessFiles(string Access, string Audit, string Authority)
{
    /// <summary>The files of a director.</summary>
    /// <param name="node">The director.</param>
    /// <param name="folder">The folder of what outlives a restart of the machine.</param>
    internal static AccessFiles Of(NodeSettings node, string folder) => new(DirectorFiles.AccessPath(node, folder),
        DirectorFiles.AuditPath(node, folder), DirectorFiles.AuthorityPath(node, folder));
}
