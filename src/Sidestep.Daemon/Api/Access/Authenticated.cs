using System.Security.Claims;
using Microsoft.AspNetCore.Http;
using Sidestep.Control.Access;

namespace Sidestep.Daemon.Api.Access;

/// <summary>Tells ASP.NET that a request is authenticated.</summary>
internal static class Authenticated
{
    private const string Type = "sidestep";

    /// <summary>Sets the principal of a request, which handlers read as a feature.</summary>
    internal static void Set(HttpContext context, Principal principal)
    {
        context.Features.Set(principal);
        context.User = UserOf(principal.Name);
    }

    /// <summary>Sets the sender of a request that has no principal: an agent.</summary>
    internal static void Set(HttpContext context, string name) => context.User = UserOf(name);

    private static ClaimsPrincipal UserOf(string name) =>
        new(new ClaimsIdentity([new Claim(ClaimTypes.Name, name)], Type));
}
