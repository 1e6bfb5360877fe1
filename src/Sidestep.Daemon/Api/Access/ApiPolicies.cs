using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Sidestep.Api.Access;
using Sidestep.Control.Access;
using Sidestep.Daemon.Api.OpenApi;

namespace Sidestep.Daemon.Api.Access;

/// <summary>The policies of endpoints: who may send which request.</summary>
internal static class ApiPolicies
{
    /// <summary>The sender needs the role of the operation (<see cref="ApiOperation.Role"/>).</summary>
    internal const string OfRole = "role";

    /// <summary>Only the agent of the server in the path may send the request.</summary>
    internal const string OwnServer = "own-server";

    /// <summary>The route parameter that names a server.</summary>
    internal const string ServerParameter = "server";

    internal static void Add(AuthorizationOptions options)
    {
        options.AddPolicy(OfRole, static policy => policy.AddRequirements(new RoleRequirement()));
        options.AddPolicy(OwnServer, static policy => policy.AddRequirements(new OwnServerRequirement()));
    }
}

/// <summary>See <see cref="ApiPolicies.OfRole"/>.</summary>
internal sealed class RoleRequirement : AuthorizationHandler<RoleRequirement>, IAuthorizationRequirement
{
    protected override Task HandleRequirementAsync(AuthorizationHandlerContext context, RoleRequirement requirement)
    {
        var http = (HttpContext)context.Resource!;
        if (Rejection(http.Features.Get<Principal>(), http.GetEndpoint()?.Metadata.GetMetadata<ApiOperation>())
            is not { } reason)
            context.Succeed(requirement);
        else
            context.Fail(new AuthorizationFailureReason(this, reason));
        return Task.CompletedTask;
    }

    /// <summary>Why a request is not allowed; null: it is. An endpoint without an operation is allowed to no
    /// sender.</summary>
    private static string? Rejection(Principal? principal, ApiOperation? operation)
    {
        if (operation is null)
            return "the endpoint has no role";
        if (!operation.NeedsCredentials)
            return null;
        if (principal is null)
            return "the sender is unknown";
        if (principal.Role < operation.Role)
        {
            return $"{principal.Name} is {Article(principal.Role)}: this request needs the role "
                + operation.Role.Name();
        }
        return principal.Scope is { } scope && operation.Target == ApiTarget.Director
            ? $"{principal.Name} is limited to objects with the labels {scope}: this request concerns the whole "
                + "director"
            : null;
    }

    private static string Article(Role role) => (role == Role.Viewer ? "a " : "an ") + role.Name();
}

/// <summary>See <see cref="ApiPolicies.OwnServer"/>.</summary>
internal sealed class OwnServerRequirement : AuthorizationHandler<OwnServerRequirement>, IAuthorizationRequirement
{
    protected override Task HandleRequirementAsync(AuthorizationHandlerContext context,
        OwnServerRequirement requirement)
    {
        var http = (HttpContext)context.Resource!;
        var server = http.GetRouteValue(ApiPolicies.ServerParameter) as string;
        var name = ClientCertificates.NameOf(http) ?? "";
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
