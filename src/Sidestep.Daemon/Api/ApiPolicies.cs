using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Sidestep.Daemon.Api;

/// <summary>The policies of endpoints: who may send which request.</summary>
internal static class ApiPolicies
{
    /// <summary>Only root or the user of the daemon may send the request, from this machine.</summary>
    internal const string Operator = "operator";

    /// <summary>Only the agent of the server in the path may send the request.</summary>
    internal const string OwnServer = "own-server";

    /// <summary>The route parameter that names a server.</summary>
    internal const string ServerParameter = "server";

    internal static void Add(AuthorizationOptions options)
    {
        options.AddPolicy(Operator, static policy => policy.AddRequirements(new OperatorRequirement()));
        options.AddPolicy(OwnServer, static policy => policy.AddRequirements(new OwnServerRequirement()));
    }
}

/// <summary>See <see cref="ApiPolicies.Operator"/>.</summary>
internal sealed class OperatorRequirement : AuthorizationHandler<OperatorRequirement>, IAuthorizationRequirement
{
    private static readonly string[] Allowed = ["0", UserIdOfProcess()];

    /// <summary>The effective user ID of this process (proc_pid_status(5)).</summary>
    private static string UserIdOfProcess() => File.ReadLines("/proc/self/status")
        .First(static l => l.StartsWith("Uid:", StringComparison.Ordinal)).Split('\t')[2];

    protected override Task HandleRequirementAsync(AuthorizationHandlerContext context, OperatorRequirement requirement)
    {
        var user = context.User.FindFirst(ApiPrincipals.UserId)?.Value;
        if (user is not null && Allowed.Contains(user))
            context.Succeed(requirement);
        else
        {
            context.Fail(new AuthorizationFailureReason(this,
                $"user {user ?? "unknown"} may not use this socket: use it as root, or as the user of the daemon"));
        }
        return Task.CompletedTask;
    }
}

/// <summary>See <see cref="ApiPolicies.OwnServer"/>.</summary>
internal sealed class OwnServerRequirement : AuthorizationHandler<OwnServerRequirement>, IAuthorizationRequirement
{
    protected override Task HandleRequirementAsync(AuthorizationHandlerContext context,
        OwnServerRequirement requirement)
    {
        var server = (context.Resource as HttpContext)?.GetRouteValue(ApiPolicies.ServerParameter) as string;
        var name = context.User.Identity is { AuthenticationType: ApiPrincipals.Certificate } identity
            ? identity.Name ?? "" : "";
        if (name.Length > 0 && name == server)
            context.Succeed(requirement);
        else
        {
            context.Fail(new AuthorizationFailureReason(this,
                $"the certificate of '{name}' does not authorise requests for '{server}': "
                + "use a certificate with the server's name as its common name"));
        }
        return Task.CompletedTask;
    }
}
